"""How messages, their states and the acts on them are called."""

from __future__ import annotations

import pluggy

from platform_core.contracts.pages import Tone
from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("outbox")
hookimpl = pluggy.HookimplMarker("baton")
STATES: dict[str, tuple[str, Tone]] = {
    "queued": (_.lazy("waiting"), ""),
    "paused": (_.lazy("paused"), "amber"),
    "sending": (_.lazy("on its way"), "primary"),
    "unknown": (_.lazy("nobody knows"), "amber"),
    "sent": (_.lazy("sent"), "primary"),
    "delivered": (_.lazy("delivered"), "jade"),
    "undelivered": (_.lazy("not delivered"), "red"),
    "failed": (_.lazy("failed"), "red"),
    "refused": (_.lazy("held back"), "amber"),
    "expired": (_.lazy("too late"), "amber"),
    "cancelled": (_.lazy("cancelled"), ""),
}
"""State -> (words, tone)"""
_REASONS = {
    "late": _.lazy("Its time had passed."),
    "gone": _.lazy("The customer is gone."),
    "restricted": _.lazy("The record is restricted."),
    "opted_out": _.lazy("This number or person wants no more messages."),
    "withdrawn": _.lazy("The person has withdrawn their consent."),
    "no_consent": _.lazy("The person has not agreed to this."),
    "excluded": _.lazy("The person is to be left alone."),
    "window": _.lazy("Waits for the hours in which it may arrive."),
    "often": _.lazy("This number has had enough for today."),
    "template": _.lazy("Its provider has no approved template for it."),
    "person": _.lazy("By a person."),
    "restore": _.lazy("Dropped after the house was restored from a backup."),
    "unknown": _.lazy("Given up: nobody knows whether it arrived."),
}
_WORDS = {
    "outbox.account": _.lazy("set up an account for messages"),
    "outbox.test": _.lazy("sent a test message"),
    "outbox.health": _.lazy("checked an account for messages"),
    "outbox.cancel": _.lazy("took a message back"),
    "outbox.pause": _.lazy("paused messages"),
    "outbox.resume": _.lazy("let messages go on"),
    "outbox.release": _.lazy("let messages leave again after a restore"),
    "outbox.leave_alone": _.lazy("had somebody left alone"),
    "outbox.write_again": _.lazy("had somebody written to again"),
    "outbox.decide": _.lazy("decided about a message of which nobody knows"),
}
_FIELDS = {
    "driver": _.lazy("Provider"),
    "enabled": _.lazy("Active"),
    "verdict": _.lazy("Decision"),
    "occasion": _.lazy("Occasion"),
    "number": _.lazy("Number"),
}


def reason(code: str) -> str:
    """A reason of ours in words; a provider's stays as it came."""
    return str(_REASONS.get(code, code))


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("outbox", _WORDS, _FIELDS)]
