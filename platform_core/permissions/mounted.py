"""The package's JSON addresses."""

from __future__ import annotations

from platform_core.contracts.plugin import Routes
from platform_core.permissions import api, delegation_api, role_api, team_api

API = [
    Routes("/users", api.USERS),
    Routes("/roles", role_api.HANDLERS),
    Routes("/teams", team_api.HANDLERS),
    Routes("/delegations", delegation_api.HANDLERS),
]
