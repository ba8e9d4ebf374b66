"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("relay")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "relay.view": _.lazy("opened an engagement"),
    "relay.list": _.lazy("listed engagements"),
    "relay.inbox": _.lazy("read the inbox"),
    "relay.board": _.lazy("looked at the relay board"),
    "relay.workbench": _.lazy("opened the workbench"),
    "relay.open": _.lazy("opened an engagement anew"),
    "relay.package": _.lazy("read a hand-over package"),
    "relay.hand_over": _.lazy("handed over"),
    "relay.accept": _.lazy("took over"),
    "relay.return": _.lazy("returned a baton"),
    "relay.reassign": _.lazy("reassigned a leg"),
    "relay.tick": _.lazy("ticked off an item"),
    "relay.finish": _.lazy("finished an engagement"),
    "relay.cancel": _.lazy("cancelled an engagement"),
    "relay.add_member": _.lazy("added a helper"),
    "relay.remove_member": _.lazy("took a helper away"),
    "relay.audience": _.lazy("asked who sees a customer"),
    "relay.route_save": _.lazy("changed a route"),
    "relay.workdays": _.lazy("changed the working days"),
    "relay.escalate": _.lazy("told the heads that a baton lies"),
}
_FIELDS = {
    "title": _.lazy("Title"),
    "route": _.lazy("Route"),
    "person": _.lazy("Person"),
    "assignee": _.lazy("Person"),
    "department": _.lazy("Department"),
    "departments": _.lazy("Departments"),
    "outcome": _.lazy("Outcome"),
    "writes": _.lazy("May write"),
    "name": _.lazy("Name"),
    "active": _.lazy("In use"),
    "note": _.lazy("Note"),
    "until": _.lazy("Until"),
    "version": _.lazy("Version"),
    "hours": _.lazy("Working hours"),
    "week": _.lazy("Working days of a week"),
    "off": _.lazy("Days off"),
    "worked": _.lazy("Weekends that are worked"),
    "plans": _.lazy("Plans"),
    "files": _.lazy("Files"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("relay", _ACTIONS, _FIELDS)]
