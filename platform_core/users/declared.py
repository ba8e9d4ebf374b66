"""The tables and rights of this package."""

from __future__ import annotations

from platform_core.contracts.identity import Permission
from platform_core.kernel.i18n import translator
from platform_core.users import keymodels, models
from platform_core.users.views.models import SavedView
from platform_core.users.views.sharing import SHARE

_ = translator("users")

MODELS = (
    models.Department, models.DepartmentClosure, models.User, models.Team, models.TeamMember, models.SignInSession,
    models.ApiToken, models.OneTimeCode, models.Freeze, models.LoginThrottle, models.Notification,
    keymodels.Credential, keymodels.SpentChallenge, keymodels.RecoveryCode, keymodels.KeyHelp,
    keymodels.FormerPassword, keymodels.Device, SavedView,
)  # fmt: skip

PERMISSIONS = [
    Permission("users.view", _.lazy("See colleagues and departments"), scoped=False),
    Permission("users.unfreeze", _.lazy("Unfreeze accounts that reached a daily cap"), scoped=False),
    Permission("users.keys", _.lazy("Help with lost keys, two people together"), scoped=False),
    Permission(SHARE, _.lazy("Share views of lists with others")),
    Permission("users.manage", _.lazy("Manage accounts and departments"), scoped=False),
]
