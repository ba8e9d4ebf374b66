"""What opportunities add to the platform."""

from __future__ import annotations

import pluggy

from baton_plugins.opportunities import models
from platform_core.api import (
    Customer,
    CustomerReference,
    Entity,
    Permission,
    PluginInfo,
    ThroughEngagement,
    translator,
)

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "opportunities",
        _.lazy("Opportunities"),
        _.lazy("Opportunities, project types with routes, contracts"),
        "baton_plugins.opportunities",
    )


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        Entity(models.Opportunity, ThroughEngagement(models.Opportunity, Customer)),
        Entity(models.Contract, ThroughEngagement(models.Contract, Customer)),
        Entity(models.ProjectType, None, reason="kinds of business, not about anybody"),
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return [CustomerReference(model, "customer_id", "keep") for model in (models.Opportunity, models.Contract)]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("opportunities.view", _.lazy("See opportunities and contracts")),
        Permission("opportunities.edit", _.lazy("Write opportunities and contracts")),
        Permission("opportunities.types", _.lazy("Manage project types"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    own = dict.fromkeys(("opportunities.view", "opportunities.edit"), "own")
    return {
        "coordinator": own,
        "department_head": dict.fromkeys(own, "subtree"),
        "management": dict.fromkeys((*own, "opportunities.types"), "all"),
        "finance": {"opportunities.view": "all"},
        "office": {"opportunities.view": "all", "opportunities.types": "all"},
    }
