"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("audit")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "audit.read": _.lazy("read the audit trail"),
    "audit.save_view": _.lazy("saved a view of the audit trail"),
    "audit.blank": _.lazy("took an erased customer's particulars out of the audit trail"),
    "audit.seen": _.lazy("asked whom somebody has seen"),
    "audit.export": _.lazy("exported lines of the audit trail"),
    "audit.export_seen": _.lazy("exported whom somebody has seen"),
    "audit.retention": _.lazy("looked at seals and archives of the audit trail"),
    "audit.archive_start": _.lazy("had old months of the audit trail archived"),
    "audit.archive": _.lazy("archived a month of the audit trail"),
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
    "ip": _.lazy("Address of the device"),
    "via": _.lazy("By way of"),
    "session": _.lazy("Sign-in"),
    "listed": _.lazy("Shown in lists"),
    "months": _.lazy("Months that are kept"),
    "month": _.lazy("Month"),
    "file": _.lazy("File"),
    "sha256": _.lazy("SHA-256"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("audit", _ACTIONS, _FIELDS)]
