"""The mapped classes of the package with their policies, what refers to a customer, and the rights."""

from __future__ import annotations

from types import SimpleNamespace

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.customers import mergemodels, models
from platform_core.customers.bulk import models as bulk_models
from platform_core.customers.bulk.policies import ChangePolicy, LinePolicy
from platform_core.customers.deduplication.models import DuplicatePair
from platform_core.customers.deduplication.policies import PairPolicy
from platform_core.customers.groups import models as group_models
from platform_core.customers.importing import models as import_models
from platform_core.customers.importing.policies import BatchPolicy, OwnPolicy
from platform_core.customers.policies import ContactPointPolicy, ContactPolicy, CustomerPolicy
from platform_core.customers.pool import reach as pool_reach
from platform_core.customers.pool import rules as pool_rules
from platform_core.customers.pool import services as pool
from platform_core.customers.pool.models import PoolMove
from platform_core.customers.relations.models import Relation
from platform_core.customers.relations.policies import RelationPolicy
from platform_core.customers.searchmodel import SearchRow
from platform_core.customers.sharing import services as sharing
from platform_core.customers.transfer import models as transfer_models
from platform_core.customers.transfer import rules as transfer_rules
from platform_core.customers.transfer.policies import TransferPolicy
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
_BY_KEPT = ThroughCustomer(SimpleNamespace(customer_id=mergemodels.Merge.kept_id), models.Customer)  # type: ignore[arg-type]
ENTITIES += [
    Entity(mergemodels.Merge, _BY_KEPT),
    Entity(mergemodels.Erasure, None, reason="ids of customers whose person is gone"),
    Entity(mergemodels.KeptLine, ThroughEngagement(mergemodels.KeptLine, models.Customer)),
    Entity(DuplicatePair, PairPolicy(DuplicatePair)),
    Entity(Relation, RelationPolicy(Relation)),
    Entity(PoolMove, ThroughCustomer(PoolMove, models.Customer)),
    Entity(transfer_models.Transfer, TransferPolicy(transfer_models.Transfer)),
    Entity(bulk_models.BulkChange, ChangePolicy(bulk_models.BulkChange)),
    Entity(bulk_models.BulkLine, LinePolicy(bulk_models.BulkLine, bulk_models.BulkChange)),
    Entity(group_models.Group, None, reason="read by groups.queries only, which asks whom a group is for"),
    Entity(group_models.Member, ThroughCustomer(group_models.Member, models.Customer)),
    Entity(transfer_models.TransferRow, ThroughCustomer(transfer_models.TransferRow, models.Customer)),
]
REFERENCES = [
    CustomerReference(models.Contact, "customer_id", "delete", label=_.lazy("Contacts")),
    CustomerReference(models.ContactPoint, "customer_id", "delete", label=_.lazy("Numbers and accounts")),
    CustomerReference(models.Address, "customer_id", "delete", label=_.lazy("Addresses")),
    CustomerReference(models.Attachment, "customer_id", "delete", label=_.lazy("Files")),
    CustomerReference(models.CustomerTag, "customer_id", "delete", label=_.lazy("Tags")),
    CustomerReference(models.StatusChange, "customer_id", "keep", label=_.lazy("Changes of status")),
    CustomerReference(Access, "customer_id", "delete"),
    CustomerReference(SearchRow, "customer_id", "delete", "drop"),
    CustomerReference(
        import_models.ImportRow, "customer_id", "delete", "stay", label=_.lazy("Rows of imported tables")
    ),
    CustomerReference(import_models.ImportRow, "found_id", "delete", "stay"),
    CustomerReference(mergemodels.Merge, "kept_id", "keep"),
    CustomerReference(mergemodels.Merge, "other_id", "keep", "stay"),
    CustomerReference(mergemodels.Erasure, "customer_id", "keep", "stay"),
    CustomerReference(mergemodels.KeptLine, "customer_id", "delete", label=_.lazy("Lines of plugins that are gone")),
    CustomerReference(PoolMove, "customer_id", "delete", label=_.lazy("Ways into the pool and out of it")),
    CustomerReference(Relation, "first_id", "delete", label=_.lazy("Relations")),
    CustomerReference(Relation, "second_id", "delete", label=_.lazy("Relations")),
    CustomerReference(DuplicatePair, "first_id", "delete", "drop"),
    CustomerReference(DuplicatePair, "second_id", "delete", "drop"),
    CustomerReference(bulk_models.BulkLine, "customer_id", "delete", "stay", label=_.lazy("Lines of large changes")),
    CustomerReference(group_models.Member, "customer_id", "delete", label=_.lazy("Places in groups")),
    CustomerReference(transfer_models.TransferRow, "customer_id", "keep", "stay", label=_.lazy("Lines of transfers")),
]
PERMISSIONS = [
    Permission("customers.view", _.lazy("See customers"), delegable=True),
    Permission("customers.create", _.lazy("Add customers"), scoped=False, act="enter"),
    Permission("customers.edit", _.lazy("Change customers"), delegable=True),
    Permission("customers.delete", _.lazy("Delete customers"), delegable=True),
    Permission("customers.merge", _.lazy("Merge customers"), delegable=True),
    Permission("customers.erase", _.lazy("Erase the person behind a customer")),
    Permission("customers.reveal", _.lazy("Reveal phone numbers and addresses"), delegable=True),
    Permission("customers.import", _.lazy("Import customers"), scoped=False, act="enter"),
    Permission(transfer_rules.PERMISSION, _.lazy("Give customers to others within the own branch"), delegable=True),
    Permission(transfer_rules.OFFBOARD, _.lazy("Hand over what leavers hold, and close their accounts"), scoped=False),
    Permission(transfer_rules.GENERAL, _.lazy("Give customers from one branch to another"), scoped=False),
    Permission(sharing.PERMISSION, _.lazy("Share customers with colleagues"), delegable=True),
    Permission(pool_reach.SEE, _.lazy("See the pool")),
    Permission(pool.CLAIM, _.lazy("Take customers and leads from the pool"), scoped=False, act="enter"),
    Permission(pool.RELEASE, _.lazy("Give customers and leads up to the pool"), delegable=True),
    Permission(pool_rules.PERMISSION, _.lazy("Make the rules of the pool"), scoped=False, act="manage"),
    Permission("customers.fields", _.lazy("Define own fields and code rules of customers"), scoped=False, act="manage"),
    Permission("customers.export", _.lazy("Print lists of customers and ask for them as files"), scoped=False),
]
_VIEW, _GROUP = "customers.view", "customers"
NAVIGATION = [
    NavItem("customers", _.lazy("Customers"), "/customers", "building-skyscraper", _VIEW, _GROUP, 10, True, hotkey="c"),
    NavItem("contacts", _.lazy("Contacts"), "/contacts", "users", _VIEW, _GROUP, 20, hotkey="k"),
    NavItem("leads", _.lazy("Leads"), "/leads", "target", _VIEW, _GROUP, 22),
    NavItem("pool", _.lazy("Pool"), "/pool", "world", pool_reach.SEE, _GROUP, 24),
    NavItem(
        "pool_rules",
        _.lazy("Pool of customers"),
        "/settings/pool",
        "world",
        pool_rules.PERMISSION,
        "settings",
        53,
        section="work",
    ),
    NavItem("duplicates", _.lazy("Duplicates"), "/customers/duplicates", "git-merge", "customers.merge", _GROUP, 30),
    NavItem(
        "fields",
        _.lazy("Fields and codes"),
        "/settings/fields",
        "forms",
        "customers.fields",
        "settings",
        52,
        section="work",
    ),
]
