"""What the relay package adds to the platform."""

from __future__ import annotations

from typing import Any

import pluggy
from sqlalchemy.orm import Session

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Actor, Permission
from platform_core.contracts.pages import Action, Fact, NavItem, Panel, TimelineEntry, TimelineQuery
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.kernel.i18n import translator
from platform_core.relay import api, declared, dots, inbox_routes, jobs, panels, route_routes, routes, workbench
from platform_core.relay.inbox import badge
from platform_core.relay.wording import baton_audit_words as words
from platform_core.web.endpoint import SIGNED_IN

_ = translator("relay")
hookimpl = pluggy.HookimplMarker("baton")
dots.add_to_customer_list()


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "relay", _.lazy("Relay"), _.lazy("Handing customers on between departments"), "platform_core.relay"
    )


@hookimpl
def baton_entities() -> list[Entity]:
    return declared.ENTITIES


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return declared.REFERENCES


@hookimpl
def baton_permissions() -> list[Permission]:
    return declared.PERMISSIONS


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return declared.GRANTS


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("", [*workbench.HANDLERS, *routes.HANDLERS, *inbox_routes.HANDLERS, *route_routes.HANDLERS])]


@hookimpl
def baton_api() -> list[Routes]:
    return api.MOUNTED


@hookimpl
def baton_navigation() -> list[NavItem]:
    return [
        NavItem("workbench", _.lazy("Workbench"), "/", "checklist", SIGNED_IN, "work", 5, phone=True, hotkey="w"),
        NavItem("inbox", _.lazy("Inbox"), "/relay/inbox", "inbox", "relay.accept", "work", 20, True, badge, "i"),
        NavItem("routes", _.lazy("Routes"), "/settings/routes", "route", "relay.routes", "settings", 40),
    ]


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("relay.remind", jobs.remind, every_seconds=300)]


@hookimpl
def baton_customer_facts(session: Session, actor: Actor, customer: Any) -> list[Fact]:
    return panels.customer_facts(session, actor, customer)


@hookimpl
def baton_customer_panels(session: Session, actor: Actor, customer: Any) -> list[Panel]:
    return panels.customer_panels(session, actor, customer)


@hookimpl
def baton_customer_actions(session: Session, actor: Actor, customer: Any) -> list[Action]:
    return panels.customer_actions(session, actor, customer)


@hookimpl
def baton_customer_timeline(session: Session, actor: Actor, query: TimelineQuery) -> list[TimelineEntry]:
    return panels.customer_timeline(session, actor, query)


baton_workbench = hookimpl(panels.workbench)
baton_erase_blockers = hookimpl(specname="baton_erase_blockers")(declared.open_engagements)
baton_audit_words = words
baton_user_references = declared.baton_user_references
