"""What refers to a customer: how merging and erasing go about it, and how lines read without this plugin's code."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import pluggy
from baton_plugins.opportunities import models
from sqlalchemy import func, select

from platform_core.api import CustomerReference, PastLine, Session, UserReference, proven, translator

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")
_VIEW = "opportunities.view"
_OPPORTUNITY = PastLine(
    verb=_.lazy("created an opportunity"), at="created_at", permission=_VIEW, who="created_by_label",
    department="created_department_label", text="title", icon="briefcase",
)  # fmt: skip
_CONTRACT = PastLine(
    verb=_.lazy("recorded a contract"), at="created_at", permission=_VIEW, who="signed_by_label",
    department="department_label", text="number", icon="certificate",
)  # fmt: skip
DECLARED = [
    CustomerReference(
        models.Opportunity, "customer_id", "keep", label=_.lazy("Opportunities"), blank=("need",),
        rename=("title",), line=_OPPORTUNITY,
    ),
    CustomerReference(models.Words, "customer_id", "delete", label=_.lazy("Opportunities in the search index")),
    CustomerReference(models.Contract, "customer_id", "keep", label=_.lazy("Contracts"), line=_CONTRACT),
]  # fmt: skip

PEOPLE = [
    UserReference(
        models.Opportunity, "owner_id", "move", _.lazy("Opportunities"), {"stage": ("open",)}, customer="customer_id",
        engagement="engagement_id", person_label="owner_label", department_label="department_label",
    ),
]  # fmt: skip


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return DECLARED


@hookimpl
def baton_user_references() -> list[UserReference]:
    return PEOPLE


@hookimpl
def baton_kept_from_pool(session: Session, ids: Sequence[UUID]) -> Collection[UUID]:
    """With an open opportunity a customer stays with its owner."""
    mine = (models.Opportunity.customer_id.in_(ids), models.Opportunity.stage == "open")
    found = select(models.Opportunity.customer_id).where(*mine).distinct()
    return session.scalars(found, execution_options=proven("whether business is open, whoever sees it")).all()


@hookimpl
def baton_erase_blockers(session: Session, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """Business that is still open, whoever may see it."""
    mine = (models.Opportunity.customer_id.in_(ids), models.Opportunity.stage == "open")
    counted = select(models.Opportunity.customer_id, func.count()).where(*mine).group_by(models.Opportunity.customer_id)
    found = session.execute(counted, execution_options=proven("how many, of customers that are about to be erased"))
    return [
        (
            key,
            _.ngettext(
                "%(num)d opportunity is still open. Close it first.",
                "%(num)d opportunities are still open. Close them first.",
                count,
            ),
        )
        for key, count in found
    ]
