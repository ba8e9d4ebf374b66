"""How the audit trail speaks of text messages."""

from __future__ import annotations

import pluggy

from platform_core.api import AuditWords, noop, translator

_ = translator("sms")
hookimpl = pluggy.HookimplMarker("baton")
_WORDS = {
    "sms.send": _.lazy("sent a text message"),
    "sms.template": _.lazy("changed a template of text messages"),
}
_FIELDS = {
    "purpose": _.lazy("Purpose"),
    "parts": _.lazy("Parts"),
    "body": _.lazy("Text"),
    "codes": _.lazy("Codes of providers"),
    "active": _.lazy("Active"),
}
NEWS = (noop("%(name)s wants no more messages."), noop("%(name)s has answered a message."))


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("sms", _WORDS, _FIELDS, {"purpose": "privacy.purposes"})]
