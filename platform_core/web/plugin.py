"""What the web package adds to the platform: health, live signals, the bare pages."""

from __future__ import annotations

import pluggy
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.kernel.i18n import LANGUAGES, speaking, translator
from platform_core.web import fieldtypes, formats, routes

_ = translator("web")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("web", _.lazy("Web"), _.lazy("Pages, forms, lists and live signals"), "platform_core.web")


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", routes.HANDLERS)]


@hookimpl
def baton_prepare(session: Session, actor: Actor) -> list[str]:
    for code in LANGUAGES:
        with speaking(code):
            formats.weekday(0)  # reads the language's names
    return []


baton_field_types = fieldtypes.baton_field_types
