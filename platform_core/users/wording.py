"""How the audit trail speaks of what this package does."""

from __future__ import annotations

import pluggy

from platform_core.contracts.plugin import AuditWords
from platform_core.kernel.i18n import translator
from platform_core.users.views import sharing

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
    "users.end_code": _.lazy("ended a set-up or reset link"),
    "users.confirm": _.lazy("confirmed to be there"),
    "users.add_key": _.lazy("added a key"),
    "users.rename_key": _.lazy("renamed a key"),
    "users.remove_key": _.lazy("removed a key"),
    "users.recovery_codes": _.lazy("made recovery codes"),
    "users.ask_key_help": _.lazy("asked for help with lost keys"),
    "users.confirm_key_help": _.lazy("confirmed help with lost keys"),
    "users.refuse_key_help": _.lazy("refused help with lost keys"),
    "users.key_makes": _.lazy("changed which models of keys are accepted"),
    "users.password_policy": _.lazy("changed what passwords must be"),
    "users.create_department": _.lazy("added a department"),
    "users.edit_department": _.lazy("changed a department"),
    "users.move_department": _.lazy("moved a department"),
    "users.view_create": _.lazy("saved a view of a list"),
    "users.view_change": _.lazy("changed a view of a list"),
    "users.view_delete": _.lazy("deleted a view of a list"),
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
    "list_key": _.lazy("List"),
    "reach": _.lazy("Who sees it"),
    "pinned": _.lazy("As a tab"),
    "conditions": _.lazy("Conditions"),
    "any_of": _.lazy("One condition is enough"),
    "sort": _.lazy("Order"),
    "columns": _.lazy("Columns"),
    "days": _.lazy("Days"),
    "count": _.lazy("Number"),
    "agent": _.lazy("Browser"),
    "ip": _.lazy("Address on the network"),
    "kind": _.lazy("Kind"),
    "profile": _.lazy("Profile"),
    "minimum": _.lazy("Least number of characters"),
    "history": _.lazy("Former passwords that may not come back"),
    "max_age_days": _.lazy("Days until a password must be changed"),
    "words": _.lazy("Names of the house"),
}
_VALUES = {
    "reach": sharing.LABELS,
    "kind": {"key": _.lazy("Security key"), "passkey": _.lazy("Passkey")},
    "status": {"active": _.lazy("active"), "frozen": _.lazy("frozen"), "left": _.lazy("has left")},
}


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    return [AuditWords("users", _ACTIONS, _FIELDS, values=_VALUES)]
