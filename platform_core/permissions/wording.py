"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator
from platform_core.permissions import signinrules

_ = translator("permissions")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "permissions.assign": _.lazy("gave a role"),
    "permissions.unassign": _.lazy("took a role away"),
    "permissions.add_role": _.lazy("made a role"),
    "permissions.rename_role": _.lazy("renamed a role"),
    "permissions.retire_role": _.lazy("retired a role"),
    "permissions.restore_role": _.lazy("brought a role back"),
    "permissions.edit_role": _.lazy("changed what a role may do"),
    "permissions.add_team": _.lazy("made a team"),
    "permissions.edit_team": _.lazy("changed a team"),
    "permissions.dissolve_team": _.lazy("dissolved a team"),
    "permissions.join_team": _.lazy("took somebody into a team"),
    "permissions.leave_team": _.lazy("took somebody out of a team"),
    "permissions.delegate": _.lazy("lent rights"),
    "permissions.end_delegation": _.lazy("ended lent rights"),
    "permissions.see_as": _.lazy("began to look as somebody else"),
    "permissions.see_as_end": _.lazy("stopped looking as somebody else"),
    "permissions.sign_in_rule": _.lazy("changed what a role signs in with"),
    "permissions.bind_role": _.lazy("bound a role to a key"),
    "permissions.denied": _.lazy("was refused"),
}
_FIELDS = {
    "role": _.lazy("Role"),
    "department": _.lazy("Department"),
    "from": _.lazy("From"),
    "until": _.lazy("Until"),
    "name": _.lazy("Name of the role"),
    "code": _.lazy("Code"),
    "retired": _.lazy("Retired"),
    "rights": _.lazy("Rights"),
    "team": _.lazy("Team"),
    "lead": _.lazy("Lead"),
    "giver": _.lazy("Lent by"),
    "demand": _.lazy("Signs in with"),
    "grace_days": _.lazy("Days of grace"),
    "key": _.lazy("Key"),
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("permissions", _ACTIONS, _FIELDS, values={"demand": signinrules.LABELS})]
