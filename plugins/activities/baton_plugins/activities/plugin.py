"""What activities add to the platform."""

from __future__ import annotations

import pluggy

from baton_plugins.activities import models
from platform_core.api import (
    Customer,
    CustomerReference,
    Entity,
    Permission,
    PluginInfo,
    ThroughEngagement,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "activities", _.lazy("Activities"), _.lazy("Plans, follow-ups and the workbench"), "baton_plugins.activities"
    )


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        *(Entity(model, ThroughEngagement(model, Customer)) for model in (models.Plan, models.FollowUp, models.FollowUpRevision)),
        Entity(models.OutcomePreset, None, reason="presets of the composer, not about anybody"),
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return [
        CustomerReference(models.Plan, "customer_id", "delete"),
        CustomerReference(models.FollowUp, "customer_id", "keep"),
        CustomerReference(models.FollowUpRevision, "customer_id", "keep"),
    ]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("activities.view", _.lazy("See plans and follow-ups")),
        Permission("activities.write", _.lazy("Write follow-ups and plans"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    both = {"activities.view": "own", "activities.write": "all"}
    return {
        "coordinator": both,
        "department_head": {**both, "activities.view": "subtree"},
        "management": {**both, "activities.view": "all"},
        "office": {**both, "activities.view": "all"},
        "finance": {"activities.view": "all"},
    }
