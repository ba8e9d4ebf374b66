"""Every column of the core below the relay that points to a person, and what becomes of it when others take over."""

from __future__ import annotations

import pluggy

from platform_core.caps import models as caps
from platform_core.contracts.entities import UserReference
from platform_core.customers import models
from platform_core.customers.groups import models as groups
from platform_core.customers.importing import models as imports
from platform_core.kernel.i18n import translator
from platform_core.permissions.models import Access, Delegation, Looking, RoleAssignment
from platform_core.users import keymodels as keys
from platform_core.users import models as users
from platform_core.users.views import models as views

_ = translator("customers")
hookimpl = pluggy.HookimplMarker("baton")
_MOVE = [
    UserReference(models.Customer, "owner_id", "move", _.lazy("Customers")),
    UserReference(
        models.Contact, "owner_id", "move", _.lazy("Contacts"), customer="customer_id", department="department_id"
    ),
    UserReference(users.Team, "lead_id", "move", _.lazy("Teams led")),
]
_END = [
    UserReference(users.SignInSession, "user_id", "end", _.lazy("Sign-ins"), ends="revoked_at"),
    UserReference(users.ApiToken, "user_id", "end", _.lazy("Tokens for programs"), ends="revoked_at"),
    UserReference(users.OneTimeCode, "user_id", "end", _.lazy("Set-up and reset links"), ends="used_at"),
    UserReference(keys.Credential, "user_id", "end", _.lazy("Security keys and passkeys"), ends="removed_at"),
    UserReference(keys.RecoveryCode, "user_id", "end", _.lazy("Recovery codes"), ends="used_at"),
    UserReference(users.TeamMember, "user_id", "end", _.lazy("Places in teams"), ends="until"),
    UserReference(RoleAssignment, "user_id", "end", _.lazy("Roles"), ends="valid_to"),
    UserReference(Delegation, "giver_id", "end", _.lazy("Rights lent to others"), ends="ended_at"),
    UserReference(Delegation, "receiver_id", "end", _.lazy("Rights lent by others"), ends="ended_at"),
    UserReference(Looking, "looker_id", "end", _.lazy("Looks with the eyes of others"), ends="ended_at"),
    UserReference(Access, "user_id", "end", _.lazy("Shares and parts in engagements"), ends="until"),
]
_KEEP = [
    UserReference(users.Freeze, "user_id"),
    UserReference(users.Freeze, "thawed_by"),
    UserReference(users.Notification, "user_id"),
    UserReference(views.SavedView, "owner_id"),
    UserReference(groups.Group, "owner_id"),
    UserReference(Looking, "seen_id"),
    *(UserReference(keys.KeyHelp, column) for column in ("user_id", "asked_by", "decided_by")),
    UserReference(keys.FormerPassword, "user_id"),
    UserReference(keys.Device, "user_id"),
    UserReference(caps.Opened, "user_id"),
    UserReference(caps.Listed, "user_id"),
    UserReference(caps.UserCap, "user_id"),
    UserReference(imports.ImportBatch, "owner_id"),
    UserReference(imports.ImportMapping, "user_id"),
]
DECLARED = [*_MOVE, *_END, *_KEEP]


@hookimpl
def baton_user_references() -> list[UserReference]:
    return DECLARED
