"""Whose rows are whose, and who may do what, unless a house says otherwise."""

from __future__ import annotations

from baton_plugins.care import models, routes, services

from platform_core.api import (
    Customer,
    CustomerReference,
    Entity,
    NavItem,
    Permission,
    ThroughCustomer,
    ThroughPerson,
    translator,
)

_ = translator("care")
_OF_CUSTOMERS = {
    models.CustomerDate: _.lazy("Anniversaries"),
    models.Wish: _.lazy("Wishes about occasions"),
}
ENTITIES = [
    Entity(models.Occasion, None, reason="days of the calendar, about nobody"),
    Entity(models.Wording, None, reason="which template an occasion uses, about nobody"),
    Entity(models.TagWording, None, reason="which template an occasion uses, about nobody"),
    *(Entity(model, ThroughCustomer(model, Customer)) for model in _OF_CUSTOMERS),
    Entity(models.Greeting, ThroughPerson(models.Greeting)),
]
REFERENCES = [
    CustomerReference(model, "customer_id", "delete", on_merge="drop", label=label)
    for model, label in {**_OF_CUSTOMERS, models.Greeting: _.lazy("Greetings")}.items()
]
PERMISSIONS = [
    Permission(routes.VIEW, _.lazy("See whom the house greets"), scoped=False),
    Permission(services.TEND, _.lazy("Say what customers are greeted for, and what not"), act="edit"),
    Permission(services.MANAGE, _.lazy("Keep occasions and their texts"), scoped=False, act="manage"),
]
_BOTH = {routes.VIEW: "all", services.TEND: "own"}
_WHOLE = {**_BOTH, services.TEND: "all", services.MANAGE: "all"}
GRANTS = {
    "coordinator": _BOTH,
    "department_head": {**_BOTH, services.TEND: "subtree"},
    "management": _WHOLE,
    "office": _WHOLE,
}
NAVIGATION = [
    NavItem("care", _.lazy("This week's care"), "/care", "cake", routes.VIEW, "customers", 71),
    NavItem(
        "care_occasions", _.lazy("Occasions"), routes.SETTINGS, "cake", services.MANAGE, "settings", 59,
        section="channels",
    ),
]  # fmt: skip
