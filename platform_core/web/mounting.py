"""Mounting what owners declare: default deny at start-up, and no plugin takes the others with it.

A plugin whose handlers break a rule, or that Litestar refuses, is set aside as a whole; the rest is mounted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler

from platform_core.plugins import places
from platform_core.plugins.manager import Plugin, PluginManager
from platform_core.plugins.registry import DeclarationError
from platform_core.web.endpoint import PUBLIC, SIGNED_IN
from platform_core.web.routing import is_guarded

Build = Callable[[Sequence[Router]], Litestar]
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_OURS = frozenset({"plugin", "entry", "public", "endpoint"})
"""Options that say whose a handler is and that it is guarded: set here and by routing, by nobody else."""


def mount(manager: PluginManager, build: Build) -> Litestar:
    """The application of everything that can be mounted. Raises for a fault of the core; in strict mode for any."""
    routers = _routers(manager)
    try:
        return build(routers)
    except Exception:
        mounted = [router for router in routers if manager.plugins[owner_of(router)].builtin]
        build(mounted)  # the core's own faults are nobody else's
    for owner in dict.fromkeys(owner_of(router) for router in routers):
        own = [router for router in routers if owner_of(router) == owner]
        if manager.plugins[owner].builtin:
            continue
        try:
            build([*mounted, *own])
        except Exception as error:
            _set_aside(manager, manager.plugins[owner], error, _unmountable(own))
        else:
            mounted += own
    return build(mounted)


def owner_of(router: Router) -> str:
    owner: str = router.opt["plugin"]
    return owner


def _routers(manager: PluginManager) -> list[Router]:
    """One router per declared path, of every owner that keeps to the rules."""
    taken: dict[str, str] = {}
    names: dict[str, str] = {}
    found: list[Router] = []
    for name, plugin in list(manager.plugins.items()):
        at: Any = None
        own: list[Router] = []
        try:
            for prefix, path, handlers in _declared(manager, name):
                for handler in handlers:
                    at = handler
                    _check_handler(manager, plugin, handler)
                own.append(_router(manager, name, prefix, path, handlers))
            mine = _addresses(own)
            for handler, address, route_name in mine:
                at = handler
                _check_free(name, address, taken, route_name, names)
        except Exception as error:
            _set_aside(manager, plugin, error, _place(at, plugin))
            continue
        taken.update({address: name for _where, address, _name in mine})
        names.update({route_name: name for _where, _address, route_name in mine})
        found += own
    return found


def _declared(manager: PluginManager, owner: str) -> Iterator[tuple[str, str, Sequence[Any]]]:
    for prefix, registry in (("", manager.declared.routes), ("/api/v1", manager.declared.api)):
        for item in registry.installed():
            if item.owner == owner:
                yield prefix, item.value.path, item.value.handlers


def _router(manager: PluginManager, owner: str, prefix: str, path: str, handlers: Sequence[Any]) -> Router:
    return Router(
        prefix + path,
        route_handlers=handlers,
        opt={"plugin": owner, "entry": manager.entry(owner)},
        include_in_schema=bool(prefix),
        tags=[path.strip("/")] if prefix else None,
    )


def _check_handler(manager: PluginManager, plugin: Plugin, handler: Any) -> None:
    """Raises DeclarationError for a handler that could be reached without its right, or under another's name."""
    if not isinstance(handler, HTTPRouteHandler):
        raise DeclarationError(f"{_words(handler)} is no handler made by get, post, put, patch or delete of the API")
    permission = handler.opt.get("permission", "")
    if not handler.opt.get("endpoint") or not permission or not (plugin.builtin or is_guarded(handler)):
        raise DeclarationError(f"the handler {_words(handler)} names no permission")
    if not plugin.builtin and (_OURS - {"endpoint"}) & handler.opt.keys():
        raise DeclarationError(f"the handler {_words(handler)} sets options that are the platform's")
    if not (handler.name or "").startswith(f"{plugin.name}:"):
        raise DeclarationError(f"the route name {handler.name!r} must start with '{plugin.name}:'")
    if permission in {PUBLIC, SIGNED_IN}:
        return
    owner = manager.declared.permissions.owner_of(permission)
    near = {plugin.name, *plugin.requires}
    if owner is None or not (owner in near or manager.plugins[owner].builtin):
        told = f"asks for the permission {permission!r}, which neither it nor what it needs declares"
        raise DeclarationError(f"the handler {_words(handler)} {told}")


def _words(handler: Any) -> str:
    return str(getattr(handler, "name", None) or getattr(handler, "__name__", None) or type(handler).__name__)


def _addresses(routers: Sequence[Router]) -> list[tuple[HTTPRouteHandler, str, str]]:
    """(handler, method and path without the names of its parameters, its route name) of each handler."""
    found: list[tuple[HTTPRouteHandler, str, str]] = []
    for router in routers:
        for route in router.routes:
            for handler in getattr(route, "route_handlers", []):
                path = _PARAMETER.sub(_blank, route.path)
                methods = sorted(handler.http_methods - {"OPTIONS"})
                found += [(handler, f"{method} {path}", handler.name or "") for method in methods]
    return found


def _blank(parameter: re.Match[str]) -> str:
    return "{*}" if parameter[2] == "path" else "{}"


def _check_free(owner: str, address: str, taken: dict[str, str], route_name: str, names: dict[str, str]) -> None:
    """Raises DeclarationError for what another owner serves: Litestar would let the later one win, without a word."""
    if taken.get(address, owner) != owner:
        raise DeclarationError(f"{address} already belongs to {taken[address]}")
    if names.get(route_name, owner) != owner:
        raise DeclarationError(f"the route name {route_name!r} already belongs to {names[route_name]}")
    open_end, rest = address.endswith("{*}"), address.removesuffix("{*}")
    for other, other_owner in taken.items():
        if other_owner == owner:
            continue
        swallows = open_end and other.startswith(rest)
        swallowed = other.endswith("{*}") and address.startswith(other.removesuffix("{*}"))
        if swallows or swallowed:
            raise DeclarationError(f"{address} and {other} of {other_owner} are in each other's way")


def _unmountable(routers: Sequence[Router]) -> str:
    """Where the first handler is written that Litestar refuses even alone; else the first of all."""
    handlers = [
        handler for router in routers for route in router.routes for handler in getattr(route, "route_handlers", [])
    ]
    package = f"baton_plugins.{owner_of(routers[0])}"
    for handler in handlers:
        try:
            Litestar([handler], openapi_config=None, logging_config=None)
        except Exception:
            return places.of_object(handler.fn, package)
    return places.of_object(handlers[0].fn, package) if handlers else ""


def _place(handler: Any, plugin: Plugin) -> str:
    """Only when something is wrong: it reads the source."""
    if handler is None:
        return ""
    function = getattr(handler, "fn", handler)
    return places.of_object(function, plugin.package)


def _set_aside(manager: PluginManager, plugin: Plugin, error: Exception, place: str) -> None:
    if plugin.builtin:
        raise error
    place = getattr(error, "place", "") or place
    manager.fail(plugin, "broken", f"its routes cannot be mounted: {error}", place, error)


def check_guards(app: Litestar) -> None:
    """Once more over what is really mounted: no handler without a permission, a name and an owner's prefix."""
    for route in app.routes:
        handlers = getattr(route, "route_handlers", None) or [route.route_handler]  # type: ignore[union-attr]
        for handler in handlers:
            if handler.opt.get("public") or getattr(handler, "http_methods", set()) == {"OPTIONS"}:
                continue
            if not handler.opt.get("endpoint") or not handler.opt.get("permission"):
                raise DeclarationError(f"{route.path}: the handler {handler} names no permission")
            owner = handler.opt.get("plugin", "")
            if not (handler.name or "").startswith(f"{owner}:"):
                raise DeclarationError(f"{route.path}: the route name {handler.name!r} must start with '{owner}:'")


def url_templates(app: Litestar) -> dict[str, str]:
    """Route name -> path with its parameters in braces."""
    return {
        handler.name: route.path_format
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if handler.name
    }
