"""The package's JSON addresses, and what it offers to those below it."""

from __future__ import annotations

from typing import Any

from platform_core.contracts.asking import RIGHT_GIVERS
from platform_core.contracts.plugin import Routes
from platform_core.contracts.ports import Provider
from platform_core.contracts.signingin import SIGN_IN_RULES
from platform_core.permissions import admission, api, delegation_api, role_api, signinrules, team_api

API = [
    Routes("/users", api.USERS),
    Routes("/roles", role_api.HANDLERS),
    Routes("/teams", team_api.HANDLERS),
    Routes("/delegations", delegation_api.HANDLERS),
]
PORTS: list[Provider[Any]] = [
    Provider(SIGN_IN_RULES, signinrules.Rules()),
    Provider(RIGHT_GIVERS, admission.Givers()),
]
