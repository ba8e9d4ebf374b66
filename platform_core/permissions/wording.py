"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("permissions")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "permissions.assign": _.lazy("gave a role"),
    "permissions.unassign": _.lazy("took a role away"),
    "permissions.denied": _.lazy("was refused"),
}
_FIELDS = {
    "role": _.lazy("Role"),
    "department": _.lazy("Department"),
    "until": _.lazy("Until"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("permissions", _ACTIONS, _FIELDS)]
