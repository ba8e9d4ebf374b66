"""The plugins page, and one page for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.admin import belongings, plugin_view, services
from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Conflict, NotFound
from platform_core.kernel.i18n import translator
from platform_core.plugins import faults
from platform_core.plugins.manager import Plugin
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
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
ADVICE = {
    "broken": _.lazy("Ask whoever wrote it, with the reason above; until then it stays out of everybody's way."),
    "incompatible": _.lazy("Install a version that fits this platform, or what it needs; then restart."),
    "unmigrated": _.lazy("Run `baton migrate` on the server; it runs as soon as that is done, without a restart."),
    "found": _.lazy("The deployment allows only certain plugins. Add it to BATON_PLUGINS and restart."),
}


@dataclass(frozen=True, slots=True)
class PluginLine:
    """A plugin in the list; `failures` counts those of the last day in all processes."""

    plugin: Plugin
    title: str
    description: str
    settings: int
    failures: int


@get("/settings/plugins", permission="admin.plugins", name="admin:plugins")
def plugins(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request, session)


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    *,
    status: int = 200,
    message: str = "",
    again: tuple[str, bool] | None = None,
) -> Response[str]:
    """`again` is (name, enabled) of a switch that takes others with it and waits for a yes."""
    manager = platform_of(request).manager
    failures = faults.counts(session)
    lines = [
        PluginLine(
            plugin=plugin,
            title=services.title(plugin),
            description=str(plugin.info.description) if plugin.info else "",
            settings=sum(item.owner == name for item in manager.declared.settings.owned()),
            failures=failures.get(name, 0),
        )
        for name, plugin in manager.plugins.items()
    ]
    orphans = [item for item in manager.absent.values() if not item.is_purged]
    held = belongings.capped_rows(session, manager, [item.name for item in orphans], plugin_view.MOST_ROWS)
    return page(
        request, "admin/plugins.html", active="plugins", status=status, states=STATES, message=message, again=again,
        lines=sorted(lines, key=lambda line: (line.plugin.builtin, line.plugin.name)),
        orphans=[(item, held.get(item.name, [])) for item in orphans], most=plugin_view.MOST_ROWS,
    )  # fmt: skip


@get("/settings/plugins/{name:str}", permission="admin.plugins", name="admin:plugin")
def plugin(request: Request[Any, Any, Any], session: Session, actor: Actor, name: str) -> Response[str]:
    """Everything about one plugin."""
    platform = platform_of(request)
    found = platform.manager.plugins.get(name)
    if found is None:
        raise NotFound(_("There is no plugin %(name)s.", name=name))
    return page(
        request, "admin/plugin.html", active="plugins", view=plugin_view.view(session, platform, found), states=STATES,
        advice=ADVICE, most=plugin_view.MOST_ROWS,
    )  # fmt: skip


@post("/settings/plugins/{name:str}", permission="admin.plugins", name="admin:switch_plugin")
def switch(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, name: str) -> Response[str]:
    enabled = form.get("enabled") == "1"
    together = form.get("together") == "1"
    platform = platform_of(request)
    try:
        services.set_plugin(session, actor, platform, name, enabled=enabled, together=together)
    except Conflict as error:
        again = None if together else (name, enabled)
        return _page(request, session, status=409, message=error.message, again=again)
    return redirect(request, f"/settings/plugins/{name}" if form.get("back") else "/settings/plugins")


@post("/settings/plugins/{name:str}/faults/forget", permission="admin.plugins", name="admin:forget_faults")
def forget(request: Request[Any, Any, Any], session: Session, actor: Actor, name: str) -> Response[str]:
    """An administrator has seen to the faults, or wants to know which come again."""
    platform = platform_of(request)
    if name not in platform.manager.plugins:
        raise NotFound(_("There is no plugin %(name)s.", name=name))
    gone = faults.forget(session, name)
    platform.manager.faults.drop(name)
    if gone:
        ref = services.plugin_ref(platform.manager.plugins[name])
        audit.record(session, actor, "admin.forget_faults", ref, after={"faults": gone})
    return redirect(request, f"/settings/plugins/{name}")


HANDLERS = [plugins, plugin, switch, forget]
