"""What the relay package adds to the platform."""

from __future__ import annotations

import pluggy

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.contracts.plugin import PluginInfo
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator
from platform_core.permissions.policies import ThroughEngagement
from platform_core.relay import models

_ = translator("relay")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "relay", _.lazy("Relay"), _.lazy("Handing customers on between departments"), "platform_core.relay"
    )


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        Entity(models.Engagement, ThroughEngagement(models.Engagement, Customer, column="id")),
        Entity(models.Leg, ThroughEngagement(models.Leg, Customer)),
        Entity(models.RelayEvent, ThroughEngagement(models.RelayEvent, Customer)),
        Entity(models.Route, None, reason="the house's routes, not about anybody"),
        Entity(models.RouteStep, None, reason="the house's routes, not about anybody"),
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return [CustomerReference(model, "customer_id") for model in (models.Engagement, models.Leg, models.RelayEvent)]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("relay.view", _.lazy("See engagements")),
        Permission("relay.open", _.lazy("Open engagements"), scoped=False),
        Permission("relay.handover", _.lazy("Hand over")),
        Permission("relay.accept", _.lazy("Take over batons offered to the own department"), scoped=False),
        Permission("relay.reassign", _.lazy("Reassign legs within the department")),
        Permission("relay.routes", _.lazy("Manage routes"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    own = {"relay.view": "own", "relay.open": "all", "relay.handover": "own", "relay.accept": "all"}
    department = {**dict.fromkeys(("relay.view", "relay.handover", "relay.reassign"), "subtree")}
    whole = dict.fromkeys(("relay.view", "relay.handover", "relay.reassign", "relay.open", "relay.accept"), "all")
    return {
        "coordinator": own,
        "department_head": {**own, **department},
        "management": whole,
        "office": {"relay.view": "all", "relay.routes": "all"},
        "finance": {"relay.view": "all"},
    }
