"""The preset roles, made once on a fresh database. Admins change them afterwards.

Rights of plugins installed later start denied: their suggested grants apply only while the roles are being made.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Scope
from platform_core.kernel import counters
from platform_core.kernel.i18n import speaking, translator
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Role, RoleGrant
from platform_core.plugins.manager import PluginManager

_ = translator("permissions")
PRESETS = {
    "system_admin": _.lazy("System administrator"),
    "security_admin": _.lazy("Security administrator"),
    "audit_admin": _.lazy("Audit administrator"),
    "office": _.lazy("Administration staff"),
    "coordinator": _.lazy("Coordinator"),
    "department_head": _.lazy("Department head"),
    "finance": _.lazy("Finance"),
    "management": _.lazy("Management"),
}


def install(session: Session, manager: PluginManager, language: str) -> bool:
    """Make the preset roles with everybody's suggested grants. Returns False when there are roles already."""
    if session.scalar(select(func.count()).select_from(Role)):
        return False
    roles: dict[str, Role] = {}
    with speaking(language):
        for code, name in PRESETS.items():
            roles[code] = Role(code=code, name=str(name), preset=True)
    session.add_all(roles.values())
    session.flush()  # grants need the roles' ids
    known = {item.value.name for item in manager.declared.permissions.installed()}
    for owner, grants in manager.declared.default_grants.items():
        for code, permissions in grants.items():
            if code not in roles:
                continue
            for permission, scope in permissions.items():
                if permission not in known:
                    message = f"{owner} suggests a grant of the unknown permission {permission}"
                    raise ValueError(message)
                session.add(RoleGrant(role_id=roles[code].id, permission=permission, scope=Scope[scope.upper()]))
    counters.bump(session, COUNTER)
    return True
