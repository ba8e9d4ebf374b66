"""The mapped classes of the package with their policies, what refers to a customer, and the rights."""

from __future__ import annotations

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.customers import models
from platform_core.customers.importing import models as import_models
from platform_core.customers.importing.policies import BatchPolicy, OwnPolicy
from platform_core.customers.policies import ContactPointPolicy, ContactPolicy, CustomerPolicy
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.i18n import translator
from platform_core.permissions.models import Access
from platform_core.permissions.policies import ThroughCustomer, ThroughEngagement

_ = translator("customers")

_CHILDREN = (models.Address, models.CustomerTag, models.StatusChange, SearchRow)
ENTITIES = [
    Entity(models.Customer, CustomerPolicy(models.Customer)),
    Entity(models.Contact, ContactPolicy(models.Contact)),
    Entity(models.ContactPoint, ContactPointPolicy(models.ContactPoint)),
    Entity(models.Attachment, ThroughEngagement(models.Attachment, models.Customer)),
    *(Entity(model, ThroughCustomer(model, models.Customer)) for model in _CHILDREN),
    Entity(models.Tag, None, reason="names of tags, shared by everybody"),
    Entity(import_models.ImportBatch, BatchPolicy(import_models.ImportBatch)),
    Entity(import_models.ImportRow, OwnPolicy(import_models.ImportRow)),
    Entity(import_models.ImportMapping, OwnPolicy(import_models.ImportMapping)),
]
_DELETED = (
    models.Contact, models.ContactPoint, models.Address, models.Attachment, models.CustomerTag, SearchRow, Access,
)  # fmt: skip
REFERENCES = [
    *(CustomerReference(model, "customer_id", "delete") for model in _DELETED),
    CustomerReference(models.StatusChange, "customer_id", "keep"),
]
PERMISSIONS = [
    Permission("customers.view", _.lazy("See customers")),
    Permission("customers.create", _.lazy("Add customers"), scoped=False),
    Permission("customers.edit", _.lazy("Change customers")),
    Permission("customers.delete", _.lazy("Delete customers")),
    Permission("customers.reveal", _.lazy("Reveal phone numbers and addresses")),
    Permission("customers.import", _.lazy("Import customers"), scoped=False),
]
_VIEW, _GROUP = "customers.view", "customers"
NAVIGATION = [
    NavItem("customers", _.lazy("Customers"), "/customers", "building-skyscraper", _VIEW, _GROUP, 10, True, hotkey="c"),
    NavItem("contacts", _.lazy("Contacts"), "/contacts", "users", _VIEW, _GROUP, 20, hotkey="k"),
]
