"""Is well, and is switched on and off while everything runs: a piece of each kind that a switch must reach."""

import pluggy

from platform_core.api import (
    SIGNED_IN,
    Action,
    ClockTime,
    Fact,
    Job,
    NavItem,
    Panel,
    Permission,
    PluginInfo,
    Request,
    Response,
    Routes,
    SearchHit,
    SearchSource,
    get,
)

hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info():
    return PluginInfo("turnable", "Turnable", "Is switched on and off", "baton_plugins.turnable")


@hookimpl
def baton_permissions():
    return [Permission("turnable.view", "See what turns", scoped=False)]


@get("/turnable", permission=SIGNED_IN, name="turnable:page")
def show(request: Request) -> Response:
    return Response("turnable page", media_type="text/plain")


@get("/", permission="turnable.view", name="turnable:api")
def program(request: Request) -> list[str]:
    return ["turnable"]


@hookimpl
def baton_routes():
    return [Routes("/", [show])]


@hookimpl
def baton_api():
    return [Routes("/turnable", [program])]


@hookimpl
def baton_navigation():
    return [NavItem("turnable", "Turnable line", "/turnable", "puzzle", "turnable.view")]


@hookimpl
def baton_customer_facts(session, actor, customer):
    return [Fact("Turnable fact", "1", order=1)]


@hookimpl
def baton_customer_panels(session, actor, customer):
    return [Panel("turnable.side", "side", "Turnable panel", "turnable/_panel.html")]


@hookimpl
def baton_customer_actions(session, actor, customer):
    return [Action("turnable.act", "Turnable action", "puzzle", "/turnable", "turnable.view")]


def find(session, actor, words, limit):
    return [SearchHit("Turnable hit", words, "/turnable")]


@hookimpl
def baton_search_sources():
    return [SearchSource("turnable", "Turnable", "turnable.view", find)]


def work(context):
    """Done is done: the row says so."""


@hookimpl
def baton_jobs():
    return [
        Job("turnable.work", work),
        Job("turnable.tick", work, every_seconds=1),
        Job("turnable.evening", work, at=(ClockTime(18),)),
        Job("turnable.morning", work, at=(ClockTime(8, 30, (0, 3)),), catch_up=True),
    ]
