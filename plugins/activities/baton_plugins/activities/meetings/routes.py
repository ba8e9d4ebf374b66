"""Pages and answers about meetings: inviting, the meeting with who comes, changing, cancelling, answering."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities.diary.whose import ROOMS
from baton_plugins.activities.meetings import queries, services
from baton_plugins.activities.meetings.clashes import Busy
from baton_plugins.activities.meetings.forms import NONE, MeetingInput, Reply
from baton_plugins.activities.meetings.models import Meeting
from baton_plugins.activities.meetings.services import PATH, Clash
from baton_plugins.activities.reminders import leads
from baton_plugins.activities.reminders.settings import LEAD
from baton_plugins.activities.routes import VIEW, WRITE

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Session,
    bind,
    dictionaries,
    get,
    initial,
    local,
    page,
    person_choices,
    post,
    read_setting,
    redirect,
    refusal_text,
    today,
    translator,
)

_ = translator("activities")
_ONE = "/meetings/{meeting_id:uuid}"


@get("/meetings/new", permission=WRITE, name="activities:new_meeting")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, on: str = "") -> Response[str]:
    given = bind(MeetingInput, {"subject": "-", "on": on})
    day = max(given.value.on, today()) if given.value else today()
    usual = read_setting(session, LEAD) or NONE
    return _form(request, session, initial(MeetingInput, on=day.isoformat(), people=[], remind=usual))


@post("/meetings", permission=WRITE, name="activities:invite")
def invite(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = _bound(form)
    busy: list[Busy] = []
    if bound.ok:
        try:
            meeting = services.arrange(session, actor, bound.require())
        except Clash as error:
            busy = list(error.busy)
        except Invalid as error:
            bound.add(error)
        else:
            day = local(meeting.starts_at).date()
            return redirect(request, f"/calendar?on={day}", Notice(_("Invited.")))
    return _form(request, session, bound, busy=busy, status=422)


@get(_ONE, permission=VIEW, name="activities:meeting")
def meeting(request: Request[Any, Any, Any], session: Session, actor: Actor, meeting_id: UUID) -> Response[str]:
    """When, where, and who comes."""
    found = queries.get(session, meeting_id)
    people = queries.invited(session, found.id)
    mine = next((one for one in people if one.user_id == actor.user_id), None)
    return page(
        request, "activities/meeting.html", partial="activities/_meeting_sheet.html", active="calendar", meeting=found,
        people=people, may_change=services.may_change(session, actor, found), answers=answers(),
        room=dictionaries.label(session, ROOMS, found.room) if found.room else "",
        mine=mine if mine and found.state == "open" and found.organizer_id != actor.user_id else None,
    )  # fmt: skip


def answers() -> dict[str, str]:
    return {"yes": _("comes"), "maybe": _("perhaps"), "no": _("does not come"), "": _("no answer yet")}


@post(f"{_ONE}/answer", permission=VIEW, name="activities:answer_invitation")
def answer(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, meeting_id: UUID
) -> Response[str]:
    reply = bind(Reply, form)
    if not reply.ok:
        raise Invalid(_("Please choose from the list."))
    services.answer(session, actor, meeting_id, reply.require())
    return redirect(request, f"{PATH}/{meeting_id}", Notice(_("Answered.")))


@get(f"{_ONE}/edit", permission=WRITE, name="activities:edit_meeting")
def edit(request: Request[Any, Any, Any], session: Session, actor: Actor, meeting_id: UUID) -> Response[str]:
    found = queries.get(session, meeting_id)
    start, end = local(found.starts_at), local(found.ends_at)
    last = (end - timedelta(days=1) if found.all_day else end).date()
    times = {} if found.all_day else {"time": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    people = [str(one.user_id) for one in queries.invited(session, found.id)]
    form = initial(
        MeetingInput, subject=found.subject, note=found.note, place=found.place, room=found.room, people=people,
        on=start.date().isoformat(), last=last.isoformat() if last != start.date() else None,
        version=str(found.version), remind=found.remind or NONE, **times,
    )  # fmt: skip
    return _form(request, session, form, found)


@post(f"{_ONE}/edit", permission=WRITE, name="activities:change_meeting")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, meeting_id: UUID
) -> Response[str]:
    found = queries.get(session, meeting_id)
    bound = _bound(form)
    busy: list[Busy] = []
    status = 422
    if bound.ok:
        try:
            services.change(session, actor, meeting_id, bound.require())
        except Clash as error:
            busy = list(error.busy)
        except Conflict as error:
            bound.add(Invalid("", fields={"": refusal_text(session, actor, error)}))
            status = error.status
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"{PATH}/{meeting_id}", Notice(_("Changed; those invited have been told.")))
    return _form(request, session, bound, found, busy=busy, status=status)


@post(f"{_ONE}/cancel", permission=WRITE, name="activities:cancel_meeting")
def cancel(request: Request[Any, Any, Any], session: Session, actor: Actor, meeting_id: UUID) -> Response[str]:
    found = services.cancel(session, actor, meeting_id)
    day = local(found.starts_at).date()
    return redirect(request, f"/calendar?on={day}", Notice(_("Cancelled; those invited have been told.")))


def _bound(form: FormData) -> Bound[MeetingInput]:
    bound = bind(MeetingInput, form)
    bound.values["people"] = form.getlist("people")
    return bound


def _form(
    request: Request[Any, Any, Any],
    session: Session,
    form: Bound[MeetingInput],
    found: Meeting | None = None,
    *,
    busy: list[Busy] | None = None,
    status: int = 200,
) -> Response[str]:
    return page(
        request, "activities/meeting_edit.html", status=status, active="calendar", form=form, meeting=found,
        partial="activities/_meeting_form_sheet.html" if status == 200 else "activities/_meeting_form.html",
        people=person_choices(session), rooms=dictionaries.choices(session, ROOMS, current=form.get("room")),
        leads=[(NONE, _("not at all")), *leads.choices()], busy=busy or [],
        url=f"{PATH}/{found.id}/edit" if found else PATH,
    )  # fmt: skip


HANDLERS = [new, invite, meeting, answer, edit, change, cancel]
