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
    declared,
    letter_routes,
    lists,
    making,
    paper_files,
    paper_routes,
    persons,
    printing,
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


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "exports", _.lazy("Files and printing"), _.lazy("By request, approved by a second person"),
        "platform_core.exports",
    )  # fmt: skip


@hookimpl
def baton_entities() -> list[Entity]:
    return declared.ENTITIES


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return declared.CUSTOMER_REFERENCES


@hookimpl
def baton_user_references() -> list[UserReference]:
    return declared.USER_REFERENCES


@hookimpl
def baton_permissions() -> list[Permission]:
    return declared.PERMISSIONS


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    """Heads decide about what they see all of: the files of their own people."""
    return {"management": declared.GRANTS, "department_head": declared.GRANTS}


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", [*routes.HANDLERS, *paper_routes.HANDLERS, *letter_routes.HANDLERS])]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/exports", api.HANDLERS)]


@hookimpl
def baton_jobs() -> list[Job]:
    return [
        Job(deciding.JOB, making.make, lease_seconds=600),
        Job(printing.JOB, paper_files.make, lease_seconds=600),
        Job("exports.tidy", making.tidy, every_seconds=900),
    ]


@hookimpl
def baton_navigation() -> list[NavItem]:
    return [
        NavItem("exports", _.lazy("Files to approve"), "/exports/waiting", "download", APPROVE, "insight", order=40)
    ]


baton_audit_words = wording.baton_audit_words
