"""Plugins for programs."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.params import Parameter
from sqlalchemy.orm import Session

from platform_core.admin import services
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.plugins.manager import Plugin
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("admin")
Together = Annotated[bool, Parameter(description="Switch also the plugins that it needs, or that need it.")]


class PluginOut(msgspec.Struct):
    """`state` is found, incompatible, broken, unmigrated, enabled or disabled; `reason` says why it does not run."""

    name: str
    title: str
    version: str
    state: str
    reason: str
    builtin: bool
    requires: list[str]


class Switched(msgspec.Struct):
    """What a switch did: the plugins that changed, itself included."""

    switched: list[str]


def _out(plugin: Plugin) -> PluginOut:
    return PluginOut(
        name=plugin.name, title=services.title(plugin), version=plugin.version, state=plugin.state,
        reason=plugin.reason, builtin=plugin.builtin, requires=sorted(plugin.requires),
    )  # fmt: skip


@get("/", permission="admin.plugins", name="admin:api_plugins")
def list_plugins(
    request: Request[Any, Any, Any], actor: Actor, cursor: Cursor = "", limit: Limit = 200
) -> Items[PluginOut]:
    """In load order, the core's own packages first."""
    plugins = list(platform_of(request).manager.plugins.values())
    shown, following = cut(plugins, lambda plugin: plugin.name, cursor, limit)
    return Items([_out(plugin) for plugin in shown], following)


@get("/{name:str}", permission="admin.plugins", name="admin:api_plugin")
def get_plugin(request: Request[Any, Any, Any], name: str) -> PluginOut:
    """One plugin and its state."""
    plugin = platform_of(request).manager.plugins.get(name)
    if plugin is None:
        raise NotFound(_("There is no plugin %(name)s.", name=name))
    return _out(plugin)


@post("/{name:str}/enable", permission="admin.plugins", name="admin:api_enable_plugin")
def enable(
    request: Request[Any, Any, Any], session: Session, actor: Actor, name: str, *, together: Together = False
) -> Switched:
    """Switch a plugin on; `together=true` also those it needs."""
    platform = platform_of(request)
    return Switched(services.set_plugin(session, actor, platform, name, enabled=True, together=together))


@post("/{name:str}/disable", permission="admin.plugins", name="admin:api_disable_plugin")
def disable(
    request: Request[Any, Any, Any], session: Session, actor: Actor, name: str, *, together: Together = False
) -> Switched:
    """Switch a plugin off; `together=true` also those that need it."""
    platform = platform_of(request)
    return Switched(services.set_plugin(session, actor, platform, name, enabled=False, together=together))


HANDLERS = [list_plugins, get_plugin, enable, disable]
