"""What consent and the rights of persons add to the platform."""

from __future__ import annotations

import pluggy

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.contracts.plugin import Dictionary, PluginInfo
from platform_core.customers import erasing
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator
from platform_core.permissions.policies import ThroughCustomer
from platform_core.privacy import consent, dictionaries, forgetting, models, wording
from platform_core.privacy.policies import HANDLE, ConsentPolicy, RegisterPolicy

_ = translator("privacy")
hookimpl = pluggy.HookimplMarker("baton")
erasing.before_erasing(forgetting.forget_person)
_CLOSED = "ids and keyed hashes of whom nobody may write to; pages show them with a customer the reader sees"


@hookimpl
def baton_plugin_info() -> PluginInfo:
    description = _.lazy("Consent, opt-outs, and what persons ask for")
    return PluginInfo("privacy", _.lazy("Privacy"), description, "platform_core.privacy")


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        Entity(models.ConsentText, None, reason="wordings of the house, about nobody"),
        Entity(models.Consent, ConsentPolicy(models.Consent)),
        Entity(models.Suppression, None, reason=_CLOSED),
        Entity(models.Restriction, ThroughCustomer(models.Restriction, Customer)),
        Entity(models.PersonRequest, RegisterPolicy(models.PersonRequest)),
        Entity(models.RequestAct, RegisterPolicy(models.RequestAct)),
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    """Consent goes with the person; objections stay as hashes (forgetting), what was asked without words."""
    asked = ("asked_by", "details", "identity", "result")
    return [
        CustomerReference(models.Consent, "customer_id", "delete", label=_.lazy("Consent")),
        CustomerReference(models.Suppression, "customer_id", "delete", label=_.lazy("Opt-outs")),
        CustomerReference(models.Restriction, "customer_id", "delete", label=_.lazy("Restrictions")),
        CustomerReference(models.PersonRequest, "customer_id", "keep", label=_.lazy("Requests"), blank=asked),
        CustomerReference(models.RequestAct, "customer_id", "keep", blank=("before", "after")),
    ]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission(consent.PERMISSION, _.lazy("Write down consent and opt-outs"), delegable=True),
        Permission(HANDLE, _.lazy("Handle what persons ask for, and restrict records")),
        Permission(consent.TEXTS, _.lazy("Write the texts that persons agree to"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    everything = {consent.PERMISSION: "all", HANDLE: "all", consent.TEXTS: "all"}
    return {
        "management": everything,
        "office": everything,
        "department_head": {consent.PERMISSION: "subtree"},
        "coordinator": {consent.PERMISSION: "own"},
    }


@hookimpl
def baton_dictionaries() -> list[Dictionary]:
    return dictionaries.declared()


baton_audit_words = wording.baton_audit_words
