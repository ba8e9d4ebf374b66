"""What an admin may change at Settings -> Plugins."""

from __future__ import annotations

from typing import Any

import pluggy
from platform_core.api import Setting, translator

_ = translator("@name@")
hookimpl = pluggy.HookimplMarker("baton")


def _check_days(days: int) -> str:
    return "" if 1 <= days <= 3650 else _("Write a number from 1 to 3650.")


KEEP_DAYS = Setting(
    "@name@.keep_days",
    _.lazy("Days until an empty entry is removed"),
    365,
    help=_.lazy("An entry is empty while it has neither an amount nor a note."),
    check=_check_days,
)


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return [KEEP_DAYS]
