"""How the audit trail speaks of caps."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("caps")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "caps.freeze": _.lazy("reached a daily cap and was frozen"),
    "caps.unfreeze": _.lazy("unfroze an account"),
    "caps.sheet": _.lazy("looked at what a frozen account had opened"),
    "caps.set": _.lazy("changed a daily cap"),
}
_FIELDS = {
    "rule": _.lazy("Cap reached"),
    "used": _.lazy("Customers"),
    "cap": _.lazy("Cap"),
    "extra": _.lazy("Further customers today"),
    "open": _.lazy("Customers opened"),
    "reveal": _.lazy("Numbers revealed, customers"),
    "list": _.lazy("Rows shown by lists and searches"),
    "print": _.lazy("Printed, customers"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("caps", _ACTIONS, _FIELDS)]
