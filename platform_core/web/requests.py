"""What a handler gets to know about its request, and the one object that holds the running platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from litestar import Request

from platform_core.contracts.identity import Actor
from platform_core.kernel.database import Database
from platform_core.kernel.errors import BatonError
from platform_core.kernel.jobs import JobRunner
from platform_core.kernel.secrets import Vault
from platform_core.plugins.hooks import Hooks
from platform_core.plugins.manager import PluginManager
from platform_core.settings import Settings

if TYPE_CHECKING:
    from platform_core.web.live import Hub
    from platform_core.web.templates import Templates


@dataclass(slots=True)
class Platform:
    """Everything a process shares. Built once by `platform_core.app`, reachable as `platform_of(request)`."""

    settings: Settings
    database: Database
    vault: Vault
    manager: PluginManager
    hooks: Hooks
    jobs: JobRunner
    templates: Templates
    hub: Hub
    on_denied: Callable[[Actor, Request[Any, Any, Any], BatonError], None]
    urls: dict[str, str]
    """Route name -> path template, filled once the routes are known."""


def platform_of(request: Request[Any, Any, Any]) -> Platform:
    return cast("Platform", request.app.state.platform)


def client_ip(request: Request[Any, Any, Any], trusted: frozenset[str]) -> str:
    """The peer's address; behind a trusted proxy, the last address that proxy vouches for."""
    peer = request.client.host if request.client else ""
    if peer in trusted:
        forwarded = request.headers.get("x-forwarded-for", "")
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        while hops and hops[-1] in trusted:
            hops.pop()
        return hops[-1][:45] if hops else peer
    return peer


def wants_fragment(request: Request[Any, Any, Any]) -> bool:
    """Only a partial htmx request gets a fragment; a full page load, a boosted one and history restores do not."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-request-type") == "partial"
        and headers.get("hx-history-restore-request") != "true"
    )
