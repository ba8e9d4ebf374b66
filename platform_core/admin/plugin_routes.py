"""The plugins page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.admin import services
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Conflict
from platform_core.kernel.i18n import translator
from platform_core.plugins.hooks import Timing
from platform_core.plugins.manager import Plugin
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import Platform, platform_of
from platform_core.web.routing import get, post

_ = translator("admin")
STATES = {
    "enabled": (_.lazy("running"), "jade"),
    "disabled": (_.lazy("switched off"), ""),
    "broken": (_.lazy("broken"), "red"),
    "incompatible": (_.lazy("does not fit"), "red"),
    "unmigrated": (_.lazy("needs migration"), "amber"),
    "found": (_.lazy("not loaded"), "amber"),
}


@dataclass(frozen=True, slots=True)
class PluginLine:
    """A plugin with what it adds and how its hooks have fared in this process."""

    plugin: Plugin
    title: str
    description: str
    routes: int
    jobs: int
    permissions: int
    settings: int
    needed_by: tuple[str, ...]
    timings: tuple[tuple[str, Timing], ...]


def lines(platform: Platform) -> list[PluginLine]:
    declared, plugins = platform.manager.declared, platform.manager.plugins
    found = []
    for name, plugin in plugins.items():
        handlers = [item for registry in (declared.routes, declared.api) for item in registry.installed()]
        found.append(
            PluginLine(
                plugin=plugin,
                title=services.title(plugin),
                description=str(plugin.info.description) if plugin.info else "",
                routes=sum(len(item.value.handlers) for item in handlers if item.owner == name),
                jobs=sum(item.owner == name for item in declared.jobs.installed()),
                permissions=sum(item.owner == name for item in declared.permissions.installed()),
                settings=sum(item.owner == name for item in declared.settings.owned()),
                needed_by=tuple(other.name for other in plugins.values() if name in other.requires),
                timings=tuple(
                    (hook, timing) for (owner, hook), timing in sorted(platform.hooks.timings.items()) if owner == name
                ),
            )
        )
    return sorted(found, key=lambda line: (line.plugin.builtin, line.plugin.name))


@get("/settings/plugins", permission="admin.plugins", name="admin:plugins")
def plugins(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request)


def _page(
    request: Request[Any, Any, Any], *, status: int = 200, message: str = "", again: tuple[str, bool] | None = None
) -> Response[str]:
    """`again` is (name, enabled) of a switch that takes others with it and waits for a yes."""
    return page(
        request, "admin/plugins.html", active="plugins", status=status,
        lines=lines(platform_of(request)), states=STATES, message=message, again=again,
    )  # fmt: skip


@post("/settings/plugins/{name:str}", permission="admin.plugins", name="admin:switch_plugin")
def switch(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, name: str) -> Response[str]:
    enabled = form.get("enabled") == "1"
    together = form.get("together") == "1"
    platform = platform_of(request)
    try:
        services.set_plugin(session, actor, platform, name, enabled=enabled, together=together)
    except Conflict as error:
        return _page(request, status=409, message=error.message, again=None if together else (name, enabled))
    return redirect(request, "/settings/plugins")


HANDLERS = [plugins, switch]
