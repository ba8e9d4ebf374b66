"""The mapped classes of the package with their policies, what refers to a customer, and the rights."""

from __future__ import annotations

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.customers.policies import ThroughPerson
from platform_core.kernel.i18n import translator
from platform_core.privacy import consent, models
from platform_core.privacy.policies import HANDLE, RegisterPolicy

_ = translator("privacy")
_CLOSED = "ids and keyed hashes of whom nobody may write to; pages show them with a customer the reader sees"
ASKED = ("asked_by", "details", "identity", "result")
ENTITIES = [
    Entity(models.ConsentText, None, reason="wordings of the house, about nobody"),
    Entity(models.Consent, ThroughPerson(models.Consent)),
    Entity(models.Suppression, None, reason=_CLOSED),
    Entity(models.Restriction, ThroughPerson(models.Restriction)),
    Entity(models.PersonRequest, RegisterPolicy(models.PersonRequest)),
    Entity(models.RequestAct, RegisterPolicy(models.RequestAct)),
]
REFERENCES = [
    CustomerReference(models.Consent, "customer_id", "delete", label=_.lazy("Consent")),
    CustomerReference(models.Suppression, "customer_id", "delete", label=_.lazy("Opt-outs")),
    CustomerReference(models.Restriction, "customer_id", "delete", label=_.lazy("Restrictions")),
    CustomerReference(models.PersonRequest, "customer_id", "keep", label=_.lazy("Requests"), blank=ASKED),
    CustomerReference(models.RequestAct, "customer_id", "keep", blank=("before", "after")),
]
"""Consent goes with the person; objections stay as hashes (forgetting), what was asked without words."""
PERMISSIONS = [
    Permission(consent.PERMISSION, _.lazy("Write down consent and opt-outs"), delegable=True),
    Permission(HANDLE, _.lazy("Handle what persons ask for, and restrict records")),
    Permission(consent.TEXTS, _.lazy("Write the texts that persons agree to"), scoped=False),
]
_EVERYTHING = {consent.PERMISSION: "all", HANDLE: "all", consent.TEXTS: "all"}
GRANTS = {
    "management": _EVERYTHING,
    "office": _EVERYTHING,
    "department_head": {consent.PERMISSION: "subtree"},
    "coordinator": {consent.PERMISSION: "own"},
}
NAVIGATION = [
    NavItem("privacy", _.lazy("Requests of persons"), "/privacy/requests", "shield-check", HANDLE, "customers", 60)
]
