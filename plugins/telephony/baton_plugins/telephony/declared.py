"""Rights, settings, references, words for the audit trail."""

from __future__ import annotations

from typing import Any

import pluggy
from baton_plugins.telephony import models
from baton_plugins.telephony.calling import services as calling
from baton_plugins.telephony.calling.models import CallList, ListLine, Script
from baton_plugins.telephony.calling.policies import SCRIPTS, CallListPolicy
from baton_plugins.telephony.hosts import RECORDING_HOSTS
from baton_plugins.telephony.listview import EXPORT
from baton_plugins.telephony.policies import DIAL, LISTEN, VIEW, CallPolicy, RingPolicy
from baton_plugins.telephony.taking import INTERNAL

from platform_core.api import (
    AuditWords,
    Customer,
    CustomerReference,
    Entity,
    Listener,
    PastLine,
    Permission,
    Setting,
    ThroughCustomer,
    UserReference,
    lists,
    translator,
)

_ = translator("telephony")
hookimpl = pluggy.HookimplMarker("baton")


def _some_days(days: int) -> str:
    return "" if 1 <= days <= 3650 else _("Write a number from 1 to 3650.")


KEEP_CALLS = Setting(
    "telephony.keep_calls", _.lazy("Days for which calls are kept"), 730,
    help=_.lazy("Then the log forgets them; follow-ups stay."), check=_some_days,
)  # fmt: skip
KEEP_HEARD = Setting(
    "telephony.keep_heard", _.lazy("Days for which reports of devices are kept"), 7,
    help=_.lazy("For finding out why no card appeared."), check=_some_days,
)  # fmt: skip


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return [INTERNAL, KEEP_CALLS, KEEP_HEARD, RECORDING_HOSTS]


@hookimpl
def baton_entities() -> list[Entity]:
    apparatus = "devices and exchanges, not about anybody's customers"
    return [
        Entity(models.Call, CallPolicy()),
        Entity(models.Ring, RingPolicy()),
        Entity(models.Block, ThroughCustomer(models.Block, Customer)),
        Entity(models.Source, None, reason=apparatus),
        Entity(models.Line, None, reason=apparatus),
        Entity(models.Area, None, reason=apparatus),
        Entity(models.CallKey, None, reason="how sources name calls; leads to a call, which has a policy"),
        Entity(models.Asked, None, reason="for the agent that fetches it; numbers encrypted and gone with that"),
        Entity(CallList, CallListPolicy()),
        Entity(ListLine, ThroughCustomer(ListLine, Customer)),
        Entity(Script, None, reason="what callers say, about nobody"),
        Entity(models.Heard, None, reason="what devices said, with masks; only where telephony is managed"),
    ]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission(VIEW, _.lazy("See calls; who calls is on screen")),
        Permission(DIAL, _.lazy("Have the telephone call customers")),
        Permission(LISTEN, _.lazy("Listen to recordings of calls"), scoped=False, act="reveal"),
        Permission(EXPORT, _.lazy("Print the log of calls and ask for it as a file"), scoped=False),
        Permission(SCRIPTS, _.lazy("Keep scripts for calls"), scoped=False, act="manage"),
        Permission("telephony.manage", _.lazy("Manage telephone agents, exchanges and lines"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return {
        "coordinator": {VIEW: "own", DIAL: "own"},
        "department_head": {VIEW: "subtree", DIAL: "subtree", SCRIPTS: "all", LISTEN: "all"},
        "management": {VIEW: "all", DIAL: "all", SCRIPTS: "all", LISTEN: "all", EXPORT: "all"},
        "office": {VIEW: "own"},
        "finance": {VIEW: "own"},
        "system_admin": {"telephony.manage": "all"},
    }


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    line = PastLine(verb=_.lazy("was on the telephone"), at="started_at", permission=VIEW, who="answered_by_label")
    return [
        CustomerReference(models.Call, "customer_id", "delete", label=_.lazy("Calls"), line=line, contact="contact_id"),
        CustomerReference(models.Block, "customer_id", "delete", label=_.lazy("Numbers of switchboards")),
        CustomerReference(ListLine, "customer_id", "delete", label=_.lazy("Places in lists to call")),
    ]


@hookimpl
def baton_user_references() -> list[UserReference]:
    return [
        UserReference(models.Line, "user_id", "end", _.lazy("Telephone lines"), ends="until"),
        UserReference(models.Ring, "user_id"),
        UserReference(models.Asked, "user_id"),
        UserReference(models.Source, "user_id"),
        UserReference(models.Call, "answered_by_id"),
        UserReference(CallList, "by_id"),
        UserReference(ListLine, "by_id"),
    ]


_ACTIONS = {
    "telephony.pop": _.lazy("was shown who calls"),
    "telephony.list": _.lazy("listed calls"),
    "telephony.counts": _.lazy("counted calls"),
    "telephony.export": _.lazy("took the log of calls along as a file"),
    "telephony.choose": _.lazy("said whose call it was"),
    "telephony.handle": _.lazy("saw to a missed call"),
    "telephony.new_customer": _.lazy("made a customer of a caller"),
    "telephony.add_source": _.lazy("added a telephone agent or exchange"),
    "telephony.pairing_code": _.lazy("made a pairing code"),
    "telephony.pair": _.lazy("a telephone agent was paired"),
    "telephony.revoke_source": _.lazy("revoked a telephone agent or exchange"),
    "telephony.add_line": _.lazy("gave somebody a telephone line"),
    "telephony.remove_line": _.lazy("took a telephone line away"),
    "telephony.set_area": _.lazy("changed the area code of a telephone line"),
    "telephony.dial": _.lazy("had the telephone call somebody"),
    "telephony.fetch": _.lazy("a telephone agent fetched numbers to call"),
    "telephony.change_workplace": _.lazy("said who works at a workstation"),
    "telephony.key_pulled": _.lazy("a key was pulled out, sessions ended"),
    "telephony.make_list": _.lazy("made a list to call"),
    "telephony.view_list": _.lazy("looked at a list to call"),
    "telephony.change_list": _.lazy("changed a list to call"),
    "telephony.close_list": _.lazy("closed a list to call"),
    "telephony.put_off": _.lazy("put a call off"),
    "telephony.save_script": _.lazy("wrote a script for calls"),
    "telephony.add_block": _.lazy("wrote down the numbers of a switchboard"),
    "telephony.remove_block": _.lazy("took the numbers of a switchboard away"),
    "telephony.listen": _.lazy("opened the recording of a call"),
    "telephony.simulate": _.lazy("simulated a call"),
}
_FIELDS = {
    "number": _.lazy("Number"), "kind": _.lazy("Kind"), "line": _.lazy("Line"),
    "area_code": _.lazy("Area code"), "person": _.lazy("Person"),
    "customer_id": _.lazy("Customer"), "count": _.lazy("Number of them"),
    "name": _.lazy("Name"), "shared": _.lazy("My whole department calls"), "body": _.lazy("What is said"),
    "active": _.lazy("Offered for lists"), "conditions": _.lazy("Conditions"),
    "locks": _.lazy("Pulling the key out signs out"),
}  # fmt: skip


@hookimpl
def baton_listeners() -> list[Listener]:
    return [Listener("activities.followed_up", calling.followed_up)]


lists.offer(
    lists.Offer(
        "telephony", "customers",
        lists.BulkAction("call_list", _.lazy("Call one by one"), "phone-call", "/calls/lists", DIAL),
    )
)  # fmt: skip


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("telephony", _ACTIONS, _FIELDS)]
