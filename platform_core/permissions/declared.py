"""The rights of this package, and what the preset roles may do with people's accounts and roles at first."""

from __future__ import annotations

from platform_core.contracts.identity import Permission
from platform_core.kernel.i18n import translator
from platform_core.permissions.seeing import PERMISSION as SEE_AS
from platform_core.users.views.sharing import SHARE

_ = translator("permissions")

PERMISSIONS = [
    Permission("permissions.manage", _.lazy("Manage roles and who holds them"), scoped=False),
    Permission(SEE_AS, _.lazy("Look at Baton as somebody else sees it"), scoped=False),
]

_everybody = {"users.view": "all"}
_unfreezing = {"users.unfreeze": "all"}
GRANTS = {
    "system_admin": {**_everybody, "users.manage": "all", "users.keys": "all"},
    "security_admin": {**_everybody, "permissions.manage": "all", "users.keys": "all", **_unfreezing},
    "audit_admin": dict.fromkeys(("users.view", "audit.read", "audit.export", "audit.retain"), "all"),
    "office": {**_everybody, SHARE: "all", **_unfreezing},
    "coordinator": {**_everybody, SHARE: "team"},
    "department_head": {**_everybody, SHARE: "subtree"},
    "finance": _everybody,
    "management": {**_everybody, "audit.read": "all", SEE_AS: "all", SHARE: "all", **_unfreezing},
}
