"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator

_ = translator("users")
hookimpl = pluggy.HookimplMarker("baton")
_ACTIONS = {
    "users.login": _.lazy("signed in"),
    "users.logout": _.lazy("signed out"),
    "users.create": _.lazy("added an account"),
    "users.edit": _.lazy("changed an account"),
    "users.password": _.lazy("set a password"),
    "users.reset": _.lazy("made a reset link"),
    "users.freeze": _.lazy("froze an account"),
    "users.unfreeze": _.lazy("unfroze an account"),
    "users.leave": _.lazy("marked as left"),
    "users.appearance": _.lazy("chose appearance and language"),
    "users.token": _.lazy("made an API token"),
    "users.revoke_token": _.lazy("revoked an API token"),
    "users.end_session": _.lazy("ended a session"),
    "users.create_department": _.lazy("added a department"),
    "users.edit_department": _.lazy("changed a department"),
    "users.move_department": _.lazy("moved a department"),
}
_FIELDS = {
    "login": _.lazy("Sign-in name"),
    "name": _.lazy("Name"),
    "employee_no": _.lazy("Employee number"),
    "department_id": _.lazy("Department"),
    "title": _.lazy("Job title"),
    "phone": _.lazy("Phone"),
    "extension": _.lazy("Extension"),
    "email": _.lazy("E-mail"),
    "key_serial": _.lazy("Serial number of the key"),
    "notes": _.lazy("Notes"),
    "status": _.lazy("State"),
    "active": _.lazy("Open"),
    "order": _.lazy("Order"),
    "code": _.lazy("Code"),
    "parent": _.lazy("Below"),
    "language": _.lazy("Language"),
    "scheme": _.lazy("Appearance"),
    "theme": _.lazy("Theme"),
    "days": _.lazy("Days"),
    "count": _.lazy("Number"),
    "agent": _.lazy("Browser"),
    "ip": _.lazy("Address on the network"),
}
_VALUES = {
    "status": {"active": _.lazy("active"), "frozen": _.lazy("frozen"), "left": _.lazy("has left")},
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("users", _ACTIONS, _FIELDS, values=_VALUES)]
