"""What the customers package adds to the platform."""

from __future__ import annotations

import pluggy

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.contracts.plugin import Dictionary, PluginInfo
from platform_core.customers import dictionaries, models
from platform_core.customers.policies import ContactPointPolicy, ContactPolicy, CustomerPolicy
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.i18n import translator
from platform_core.permissions.models import Access
from platform_core.permissions.policies import ThroughCustomer, ThroughEngagement

_ = translator("customers")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("customers", _.lazy("Customers"), _.lazy("The customer record"), "platform_core.customers")


@hookimpl
def baton_entities() -> list[Entity]:
    children = (models.Address, models.CustomerTag, models.StatusChange, SearchRow)
    return [
        Entity(models.Customer, CustomerPolicy(models.Customer)),
        Entity(models.Contact, ContactPolicy(models.Contact)),
        Entity(models.ContactPoint, ContactPointPolicy(models.ContactPoint)),
        Entity(models.Attachment, ThroughEngagement(models.Attachment, models.Customer)),
        *(Entity(model, ThroughCustomer(model, models.Customer)) for model in children),
        Entity(models.Tag, None, reason="names of tags, shared by everybody"),
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    children = (models.Contact, models.ContactPoint, models.Address, models.Attachment, SearchRow)
    return [
        *(CustomerReference(model, "customer_id", "delete") for model in children),
        CustomerReference(models.CustomerTag, "customer_id", "delete"),
        CustomerReference(models.StatusChange, "customer_id", "keep"),
        CustomerReference(Access, "customer_id", "delete"),
    ]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("customers.view", _.lazy("See customers")),
        Permission("customers.create", _.lazy("Add customers"), scoped=False),
        Permission("customers.edit", _.lazy("Change customers")),
        Permission("customers.delete", _.lazy("Delete customers")),
        Permission("customers.reveal", _.lazy("Reveal phone numbers and addresses")),
        Permission("customers.import", _.lazy("Import customers"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    own = {"view": "own", "create": "all", "edit": "own", "reveal": "own", "import": "all"}
    department = {**dict.fromkeys(("view", "edit", "delete", "reveal"), "subtree"), "create": "all", "import": "all"}
    roles = {
        "coordinator": own,
        "department_head": department,
        "management": dict.fromkeys(("view", "create", "edit", "delete", "reveal", "import"), "all"),
        "office": dict.fromkeys(("view", "create", "edit", "import"), "all"),
        "finance": {"view": "all"},
    }
    return {role: {f"customers.{verb}": scope for verb, scope in grants.items()} for role, grants in roles.items()}


@hookimpl
def baton_dictionaries() -> list[Dictionary]:
    return dictionaries.declared()
