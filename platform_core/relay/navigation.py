"""Where the relay's pages are found."""

from __future__ import annotations

import pluggy

from platform_core.contracts.pages import NavItem
from platform_core.kernel.i18n import translator
from platform_core.relay.inbox import badge
from platform_core.web.endpoint import SIGNED_IN

_ = translator("relay")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_navigation() -> list[NavItem]:
    return [
        NavItem("workbench", _.lazy("Workbench"), "/", "checklist", SIGNED_IN, "work", 5, phone=True, hotkey="w"),
        NavItem("inbox", _.lazy("Inbox"), "/relay/inbox", "inbox", "relay.accept", "work", 20, True, badge, "i"),
        NavItem("board", _.lazy("Relay board"), "/relay/board", "layout-kanban", "relay.view", "work", 22, hotkey="b"),
        NavItem("routes", _.lazy("Routes"), "/settings/routes", "route", "relay.routes", "settings", 40),
        NavItem("workdays", _.lazy("Working days"), "/settings/workdays", "calendar", "relay.routes", "settings", 41),
    ]
