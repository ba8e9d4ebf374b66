"""The rights that opportunities ask for, and who has them on a fresh install."""

from __future__ import annotations

import pluggy

from platform_core.api import Permission, translator

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("opportunities.view", _.lazy("See opportunities and contracts"), delegable=True),
        Permission("opportunities.edit", _.lazy("Write opportunities and contracts")),
        Permission(
            "opportunities.export", _.lazy("Print the list of opportunities and ask for it as a file"), scoped=False
        ),
        Permission("opportunities.types", _.lazy("Manage project types"), scoped=False, act="manage"),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    own = dict.fromkeys(("opportunities.view", "opportunities.edit"), "own")
    return {
        "coordinator": own,
        "department_head": dict.fromkeys(own, "subtree"),
        "management": dict.fromkeys((*own, "opportunities.types", "opportunities.export"), "all"),
        "finance": {"opportunities.view": "all"},
        "office": {"opportunities.view": "all", "opportunities.types": "all"},
    }
