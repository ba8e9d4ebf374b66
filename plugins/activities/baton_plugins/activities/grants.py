"""Rights of this plugin, and who has them on a fresh installation."""

from __future__ import annotations

import pluggy

from platform_core.api import Permission, translator

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("activities.view", _.lazy("See plans and follow-ups"), delegable=True),
        Permission("activities.write", _.lazy("Write follow-ups and plans"), scoped=False, act="enter"),
        Permission("activities.correct", _.lazy("Correct others' follow-ups, move their plans"), delegable=True),
        Permission("activities.export", _.lazy("Print the list of plans and ask for it as a file"), scoped=False),
        Permission("activities.sms", _.lazy("Get reminders as text messages while not at Baton"), scoped=False),
        Permission("activities.cycles", _.lazy("Keep cycles of return visits"), scoped=False, act="manage"),
        Permission("activities.presets", _.lazy("Keep the outcomes of the composer"), scoped=False, act="manage"),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    both = {"activities.view": "own", "activities.write": "all"}
    whole = {
        "activities.view": "all",
        "activities.write": "all",
        "activities.presets": "all",
        "activities.cycles": "all",
    }
    return {
        "coordinator": both,
        "department_head": {
            **both,
            "activities.view": "subtree",
            "activities.correct": "subtree",
            "activities.cycles": "all",
        },
        "management": {**whole, "activities.correct": "all", "activities.export": "all"},
        "office": whole,
        "finance": {"activities.view": "all"},
        "system_admin": {"activities.presets": "all", "activities.cycles": "all"},
    }
