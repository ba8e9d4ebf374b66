"""What files and printing add to the platform."""

from __future__ import annotations

import pluggy

from platform_core.contracts.entities import CustomerReference, Entity, UserReference
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.exports import (
    api,
    deciding,
    lists,
    making,
    models,
    paper_routes,
    persons,
    routes,
    sources,
    trail,
    transfers,
    wording,
)
from platform_core.exports.asking import APPROVE
from platform_core.kernel.i18n import translator

_ = translator("exports")
hookimpl = pluggy.HookimplMarker("baton")
for _kind, _find in {"list": lists, "transfer": transfers, "person": persons, "audit": trail}.items():
    sources.register(_kind, _find.find)
_OWN_PAGES = "requests and papers of their owner, and of those who decide; files open for their owner alone"


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "exports", _.lazy("Files and printing"), _.lazy("By request, approved by a second person"),
        "platform_core.exports",
    )  # fmt: skip


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        Entity(model, None, reason=_OWN_PAGES)
        for model in (models.FileRequest, models.MadeFile, models.Paper, models.Printed)
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    """A day's count is of records as they were, as that of openings."""
    return [CustomerReference(models.Printed, "customer_id", "keep", "stay", label=_.lazy("Counted prints"))]


@hookimpl
def baton_user_references() -> list[UserReference]:
    """Who asked, decided and printed stays known; what is asked for is of no use to anybody else."""
    asked = [UserReference(models.FileRequest, column) for column in ("requester_id", "decided_by")]
    return [*asked, UserReference(models.Paper, "user_id"), UserReference(models.Printed, "user_id")]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [Permission(APPROVE, _.lazy("Approve files that others ask for"), scoped=False)]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    """Heads decide about what they see all of: the files of their own people."""
    return {"management": {APPROVE: "all"}, "department_head": {APPROVE: "all"}}


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", [*routes.HANDLERS, *paper_routes.HANDLERS])]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/exports", api.HANDLERS)]


@hookimpl
def baton_jobs() -> list[Job]:
    return [
        Job(deciding.JOB, making.make, lease_seconds=600),
        Job("exports.tidy", making.tidy, every_seconds=900),
    ]


@hookimpl
def baton_navigation() -> list[NavItem]:
    label = _.lazy("Files to approve")
    return [NavItem("exports", label, "/exports/waiting", "download", APPROVE, group="insight", order=40)]


baton_audit_words = wording.baton_audit_words
