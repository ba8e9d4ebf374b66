"""What refers to a customer: how merging and erasing go about it, and how lines read without this plugin's code."""

from __future__ import annotations

import pluggy
from baton_plugins.activities import models

from platform_core.api import CustomerReference, PastLine, UserReference, translator

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
_LINE = PastLine(
    verb=_.lazy("logged a follow-up"), at="at", permission="activities.view", who="author_label",
    department="department_label", text="body", icon="message",
)  # fmt: skip
DECLARED = [
    CustomerReference(models.Plan, "customer_id", "delete", label=_.lazy("Plans")),
    CustomerReference(
        models.FollowUp, "customer_id", "keep", label=_.lazy("Follow-ups"), blank=("body", "contact_label", "reason"),
        line=_LINE,
    ),
    CustomerReference(models.FollowUpRevision, "customer_id", "delete", label=_.lazy("Earlier texts of follow-ups")),
]  # fmt: skip

PEOPLE = [
    UserReference(
        models.Plan, "assignee_id", "move", _.lazy("Plans"), {"state": ("open",)}, customer="customer_id",
        engagement="engagement_id", department="department_id",
    ),
    UserReference(models.FollowUp, "author_id"),
]  # fmt: skip


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return DECLARED


@hookimpl
def baton_user_references() -> list[UserReference]:
    return PEOPLE
