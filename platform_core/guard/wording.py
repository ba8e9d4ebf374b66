"""States of alerts, what lines behind them are called, and how the audit trail speaks of all this."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("guard")
hookimpl = pluggy.HookimplMarker("baton")
STATES = {
    "new": (_.lazy("new"), "red"),
    "looked": (_.lazy("looked at"), "jade"),
    "false": (_.lazy("false alarm"), ""),
}
"""State -> (words, tone)"""
ACTIONS = {
    "customers.view": _.lazy("opened"),
    "customers.contacts": _.lazy("looked at the contacts"),
    "customers.timeline": _.lazy("read the history"),
    "customers.reveal": _.lazy("revealed a number"),
    "customers.list": _.lazy("read a page of a list"),
    "customers.search": _.lazy("searched"),
    "customers.update": _.lazy("changed"),
    "guard.emergency": _.lazy("opened in an emergency"),
    "guard.emergency_end": _.lazy("ended opening it"),
    "exports.ask": _.lazy("asked for a file"),
    "exports.make": _.lazy("in a file"),
    "exports.print": _.lazy("on paper"),
    "permissions.denied": _.lazy("was refused"),
}
_WORDS = {
    "guard.alert": _.lazy("raised an alert"),
    "guard.look": _.lazy("looked at what is behind an alert"),
    "guard.decide": _.lazy("decided about an alert"),
    "guard.rule": _.lazy("changed a rule about behaviour"),
    "guard.lay": _.lazy("laid bait"),
    "guard.emergency": _.lazy("opened a customer in an emergency"),
    "guard.emergency_end": _.lazy("ended opening a customer in an emergency"),
    "guard.release": _.lazy("made bait an ordinary customer"),
}
_FIELDS = {
    "rule": _.lazy("Rule"),
    "number": _.lazy("Measured"),
    "threshold": _.lazy("Limit"),
    "minutes": _.lazy("Minutes"),
    "enabled": _.lazy("Active"),
    "state": _.lazy("State"),
    "customer": _.lazy("Customer"),
    "owner": _.lazy("In the name of"),
    "until": _.lazy("Until"),
    "code": _.lazy("Code"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("guard", _WORDS, _FIELDS)]
