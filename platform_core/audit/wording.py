"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("audit")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "audit.read": _.lazy("read the audit trail"),
    "audit.blank": _.lazy("took an erased customer's particulars out of the audit trail"),
    "audit.alarm": _.lazy("noticed that the seals of the audit trail were changed"),
}
_FIELDS = {
    "since": _.lazy("From"),
    "until": _.lazy("Until"),
    "who": _.lazy("Who"),
    "actor": _.lazy("Person"),
    "what": _.lazy("Action"),
    "thing": _.lazy("About"),
    "customer": _.lazy("Customer"),
    "result": _.lazy("Result"),
    "lines": _.lazy("Lines"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("audit", _ACTIONS, _FIELDS)]
