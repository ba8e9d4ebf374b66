"""What an admin may change at Settings -> Plugins."""

from __future__ import annotations

from typing import Any

import pluggy
from baton_plugins.activities import cadence
from baton_plugins.activities.feeds import writing
from baton_plugins.activities.reminders import settings as reminders
from baton_plugins.activities.together import joining
from baton_plugins.activities.urging import services as urging

from platform_core.api import Setting, translator

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")


def _check_days(days: int) -> str:
    return "" if 0 <= days <= 60 else _("Write a number from 0 to 60.")


FIRST_VISIT_DAYS = Setting(
    "activities.first_visit_days",
    _.lazy("Working days until the first return visit"),
    3,
    help=_.lazy("Planned for whoever takes over a leg that asks for such a visit."),
    check=_check_days,
)


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return [FIRST_VISIT_DAYS, joining.DAYS, urging.DAYS, cadence.CADENCE, writing.NAMES, *reminders.ALL]
