"""What refers to a customer: how merging and erasing go about it, and how lines read without this plugin's code."""

from __future__ import annotations

import pluggy
from baton_plugins.activities import models
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.feeds.models import Feed
from baton_plugins.activities.handing.models import SentPackage
from baton_plugins.activities.meetings.models import Invitation, Meeting
from baton_plugins.activities.phrases.models import Phrase, PhraseUse
from baton_plugins.activities.reminders.models import Digest, Reminder, Told
from baton_plugins.activities.together.models import Assistance, Question
from baton_plugins.activities.urging.models import Urge

from platform_core.api import CustomerReference, PastLine, UserReference, translator

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
_LINE = PastLine(
    verb=_.lazy("logged a follow-up"), at="at", permission="activities.view", who="author_label",
    department="department_label", text="body", icon="message",
)  # fmt: skip
DECLARED = [
    CustomerReference(models.Plan, "customer_id", "delete", label=_.lazy("Plans"), contact="contact_id"),
    CustomerReference(
        models.FollowUp, "customer_id", "keep", label=_.lazy("Follow-ups"),
        blank=("body", "contact_label", "reason", "details", "promised", "files", "satisfaction"), line=_LINE,
        contact="contact_id",
    ),
    CustomerReference(
        models.FollowUpRevision, "customer_id", "delete", label=_.lazy("Earlier texts of follow-ups"),
        contact="contact_id",
    ),
    CustomerReference(SentPackage, "customer_id", "delete", label=_.lazy("Hand-over packages")),
    CustomerReference(Reminder, "customer_id", "delete", label=_.lazy("Reminders"), contact="contact_id"),
    CustomerReference(Question, "customer_id", "delete", label=_.lazy("Questions for a call")),
    CustomerReference(Assistance, "customer_id", "delete", label=_.lazy("Requests to take over a plan")),
    CustomerReference(Urge, "customer_id", "delete", label=_.lazy("Urgings")),
    CustomerReference(CycleRun, "customer_id", "delete", label=_.lazy("Cycles of return visits")),
    CustomerReference(
        Told, "customer_id", "delete", label=_.lazy("Reminders that were given"), contact="contact_id"
    ),
]  # fmt: skip

PEOPLE = [
    UserReference(
        models.Plan, "assignee_id", "move", _.lazy("Plans"), {"state": ("open",)}, customer="customer_id",
        engagement="engagement_id", department="department_id",
    ),
    UserReference(models.FollowUp, "author_id"),
    UserReference(Reminder, "user_id"),
    UserReference(Told, "user_id"),
    UserReference(Digest, "user_id"),
    UserReference(Question, "user_id"),
    UserReference(Urge, "from_id"),
    UserReference(Urge, "to_id"),
    UserReference(Assistance, "from_id"),
    UserReference(Assistance, "to_id"),
    UserReference(Meeting, "organizer_id"),
    UserReference(Invitation, "user_id"),
    UserReference(Feed, "user_id"),
    UserReference(Phrase, "owner_id"),
    UserReference(PhraseUse, "user_id"),
    UserReference(Cycle, "user_id"),
    UserReference(Cycle, "by_id"),
]  # fmt: skip


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return DECLARED


@hookimpl
def baton_user_references() -> list[UserReference]:
    return PEOPLE
