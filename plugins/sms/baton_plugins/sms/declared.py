"""Whose rows are whose, and who may do what, unless a house says otherwise."""

from __future__ import annotations

from baton_plugins.sms import models
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from baton_plugins.sms.campaigns.policies import APPROVE, MASS, SEND, CampaignPolicy
from baton_plugins.sms.listview import EXPORT

from platform_core.api import (
    Customer,
    CustomerReference,
    Entity,
    NavItem,
    PastLine,
    Permission,
    ThroughCustomer,
    ThroughPerson,
    UserReference,
    lists,
    translator,
)

_ = translator("sms")
ENTITIES = [
    Entity(models.Template, None, reason="texts with places to fill, about nobody"),
    Entity(models.Reply, ThroughPerson(models.Reply)),
    Entity(Campaign, CampaignPolicy(Campaign)),
    Entity(CampaignLine, ThroughCustomer(CampaignLine, Customer)),
]
_LINE = PastLine(_.lazy("Answer by text message"), "at", "sms.view", who="mask", text="text", icon="message")
REFERENCES = [
    CustomerReference(models.Reply, "customer_id", "delete", label=_.lazy("Answers by text message"), line=_LINE),
    CustomerReference(CampaignLine, "customer_id", "delete", label=_.lazy("Places in mass messages")),
]
USERS = [UserReference(Campaign, "by_id")]
PERMISSIONS = [
    Permission("sms.view", _.lazy("See text messages of customers"), scoped=False),
    Permission(EXPORT, _.lazy("Print the list of text messages and ask for it as a file"), scoped=False),
    Permission(SEND, _.lazy("Send text messages to customers")),
    Permission(MASS, _.lazy("Write to many customers at once"), scoped=False, act="send"),
    Permission(APPROVE, _.lazy("Approve messages to many customers"), scoped=False),
    Permission("sms.templates", _.lazy("Keep templates of text messages"), scoped=False, act="manage"),
]
_BOTH = {"sms.view": "all", SEND: "own"}
GRANTS = {
    "coordinator": _BOTH,
    "department_head": {**_BOTH, SEND: "subtree", MASS: "all"},
    "management": {**_BOTH, SEND: "all", MASS: "all", APPROVE: "all", "sms.templates": "all", EXPORT: "all"},
    "office": {**_BOTH, SEND: "all", MASS: "all", "sms.templates": "all"},
}
NAVIGATION = [
    NavItem(
        "sms_templates", _.lazy("Templates of text messages"), "/settings/sms-templates", "message", "sms.templates",
        "settings", 58, section="channels",
    ),
    NavItem("messages", _.lazy("Text messages"), "/sms/messages", "message", "sms.view", "customers", 69),
    NavItem("sms_campaigns", _.lazy("Mass messages"), "/sms/campaigns", "message", MASS, "customers", 70),
]  # fmt: skip
lists.offer(
    lists.Offer(
        "sms", "customers", lists.BulkAction("sms", _.lazy("Send a text message"), "message", "/sms/campaigns", MASS)
    )
)
