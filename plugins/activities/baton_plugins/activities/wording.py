"""How the audit trail speaks of what this plugin does."""

from __future__ import annotations

import pluggy
from baton_plugins.activities import presets
from baton_plugins.activities.diary.whose import ROOMS

from platform_core.api import AuditWords, sharing, translator

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "activities.view": _.lazy("read a follow-up or plan"),
    "activities.list": _.lazy("listed plans or follow-ups"),
    "activities.plans": _.lazy("listed plans"),
    "activities.counts": _.lazy("counted plans"),
    "activities.export": _.lazy("took the list of plans along as a file"),
    "activities.calendar": _.lazy("looked at a calendar"),
    "activities.follow_up": _.lazy("wrote down a follow-up"),
    "activities.edit_follow_up": _.lazy("corrected a follow-up"),
    "activities.plan": _.lazy("made a plan"),
    "activities.move_plan": _.lazy("moved a plan"),
    "activities.give_plan": _.lazy("gave a plan to somebody else"),
    "activities.plan_kind": _.lazy("changed the kind of a plan"),
    "activities.cancel_plan": _.lazy("cancelled a plan"),
    "activities.reopen_plan": _.lazy("reopened a plan"),
    "activities.pass_on_plan": _.lazy("passed a plan on"),
    "activities.snooze": _.lazy("put a reminder off"),
    "activities.remind": _.lazy("set the reminders of a plan"),
    "activities.join_plan": _.lazy("asked a question along with a call"),
    "activities.ask_assistance": _.lazy("asked somebody to take over a plan"),
    "activities.accept_assistance": _.lazy("took over a plan"),
    "activities.decline_assistance": _.lazy("did not take over a plan"),
    "activities.withdraw_assistance": _.lazy("took back a request to take over a plan"),
    "activities.import_follow_up": _.lazy("took an old follow-up in"),
    "activities.urge": _.lazy("urged somebody"),
    "activities.answer_urge": _.lazy("answered who urged them"),
    "activities.invite": _.lazy("invited to a meeting"),
    "activities.change_meeting": _.lazy("changed a meeting"),
    "activities.cancel_meeting": _.lazy("cancelled a meeting"),
    "activities.answer_invitation": _.lazy("answered an invitation"),
    "activities.make_feed": _.lazy("made an address for their calendar"),
    "activities.end_feed": _.lazy("ended the address of their calendar"),
    "activities.feed": _.lazy("read their calendar from another program"),
    "activities.make_phrase": _.lazy("made a phrase"),
    "activities.change_phrase": _.lazy("changed a phrase"),
    "activities.remove_phrase": _.lazy("removed a phrase"),
    "activities.restore_phrase": _.lazy("brought a phrase back"),
    "activities.take_phrase": _.lazy("put a phrase into a text"),
    "activities.save_cycle": _.lazy("changed a cycle of return visits"),
    "activities.start_cycle": _.lazy("started the rule of a cycle of return visits"),
    "activities.pause_cycle": _.lazy("stopped the rule of a cycle of return visits"),
    "activities.stop_cycle": _.lazy("stopped a cycle of return visits"),
    "activities.resume_cycle": _.lazy("brought a cycle of return visits back"),
    "activities.join_cycle": _.lazy("put a customer on a cycle of return visits"),
    "activities.leave_cycle": _.lazy("took a customer off a cycle of return visits"),
    "activities.kind": _.lazy("changed a kind of interaction"),
    "activities.preset": _.lazy("changed an outcome"),
}
_FIELDS = {
    "kind": _.lazy("Kind"),
    "at": _.lazy("Date"),
    "author": _.lazy("Who wrote it"),
    "outcome": _.lazy("Outcome"),
    "status": _.lazy("Status"),
    "next_due_at": _.lazy("Next plan"),
    "plan_id": _.lazy("Answered plan"),
    "due_at": _.lazy("Due"),
    "state": _.lazy("State"),
    "assignee_id": _.lazy("Person"),
    "icon": _.lazy("Icon"),
    "label": _.lazy("Field"),
    "active": _.lazy("In use"),
    "count": _.lazy("Times"),
    "person": _.lazy("Person"),
    "lead": _.lazy("How long before"),
    "people": _.lazy("Colleagues"),
    "by": _.lazy("Put off"),
    "starts_at": _.lazy("Begins"),
    "ends_at": _.lazy("Ends"),
    "room": _.lazy("Meeting room"),
    "answer": _.lazy("Answer"),
    "name": _.lazy("Name"),
    "reach": _.lazy("Who has it"),
    "length": _.lazy("Characters"),
    "next_in": _.lazy("Next plan in"),
    "next_kind": _.lazy("Kind of the next plan"),
    "cycle": _.lazy("Cycle"),
    "starts_on": _.lazy("Days count from"),
    "steps": _.lazy("Days after the start"),
    "every": _.lazy("After that every so many days"),
    "subject": _.lazy("What the visits are about"),
    "who": _.lazy("Who makes the visit"),
    "user_id": _.lazy("Which person"),
    "starts": _.lazy("Days count from"),
    "department_id": _.lazy("Which department took over"),
    "grade": _.lazy("Grade"),
    "classification": _.lazy("Classification"),
    "group_id": _.lazy("Group"),
    "per_day": _.lazy("New customers a day at most"),
    "satisfaction": _.lazy("Satisfaction"),
}
_DICTIONARIES = {
    "kind": presets.KINDS,
    "next_kind": presets.KINDS,
    "outcome": presets.OUTCOMES,
    "status": presets.STATUSES,
    "room": ROOMS,
    "grade": "customers.grade",
    "classification": "customers.classification",
    "satisfaction": presets.SATISFACTION,
}
_VALUES: dict[str, dict[str, str]] = {
    "reach": sharing.LABELS,
    "state": {
        "asked": _.lazy("asked"),
        "open": _.lazy("open"),
        "done": _.lazy("done"),
        "cancelled": _.lazy("cancelled"),
    },
    "answer": {"yes": _.lazy("comes"), "maybe": _.lazy("perhaps"), "no": _.lazy("does not come")},
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("activities", _ACTIONS, _FIELDS, dictionaries=_DICTIONARIES, values=_VALUES)]
