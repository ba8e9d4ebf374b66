"""What the reports package adds to the platform."""

from __future__ import annotations

import pluggy

from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import Action, NavItem
from platform_core.contracts.plugin import AuditWords, PluginInfo, Routes
from platform_core.customers.models import Customer
from platform_core.exports.sources import register
from platform_core.kernel.i18n import translator
from platform_core.reports import routes, taking
from platform_core.reports.tracking import routes as tracking
from platform_core.reports.tracking import taking as tracked
from platform_core.web.endpoint import SIGNED_IN

_ = translator("reports")
hookimpl = pluggy.HookimplMarker("baton")
register("report", taking.find)
register("tracking", tracked.find)


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("reports", _.lazy("Reports"), _.lazy("Questions and their numbers"), "platform_core.reports")


@hookimpl
def baton_permissions() -> list[Permission]:
    return [Permission(taking.EXPORT, _.lazy("Print reports and ask for them as files"), scoped=False)]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return {"management": {taking.EXPORT: "all"}}


@hookimpl
def baton_customer_actions(customer: Customer) -> list[Action]:
    url = f"{tracking.PATH}?customer={customer.id}"
    return [Action("reports.tracking", _("Everything that happened"), "history", url, tracking.VIEW, order=90)]


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/reports", routes.HANDLERS), Routes(tracking.PATH, tracking.HANDLERS)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    label = _.lazy("Business tracking")
    return [
        NavItem("tracking", label, tracking.PATH, "history", tracking.VIEW, "insight", 10),
        NavItem("reports", _.lazy("Reports"), "/reports", "chart-bar", SIGNED_IN, "insight", 20, hotkey="r"),
    ]


@hookimpl
def baton_audit_words() -> list[AuditWords]:
    actions = {
        "reports.view": _.lazy("read a report"),
        "reports.tracking": _.lazy("looked through what happened"),
        "reports.print": _.lazy("printed a report"),
        "reports.export": _.lazy("took a report along as a file"),
    }
    fields = {
        "report": _.lazy("Report"),
        "rows": _.lazy("Rows"),
        "first": _.lazy("From"),
        "last": _.lazy("To"),
        "kind": _.lazy("Kind"),
        "person": _.lazy("Person"),
        "owner": _.lazy("Customer's owner"),
        "customer": _.lazy("Customer"),
        "name": _.lazy("Customer"),
        "contact": _.lazy("Contact"),
        "status": _.lazy("Status"),
        "words": _.lazy("Words"),
    }
    return [AuditWords("reports", actions, fields)]
