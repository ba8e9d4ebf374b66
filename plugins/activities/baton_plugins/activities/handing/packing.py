"""Composing, keeping and reading packages: the service behind the port `relay.packages`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from baton_plugins.activities import presets
from baton_plugins.activities.handing.models import SentPackage
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import and_, or_, select

from platform_core.api import (
    Actor,
    Engagement,
    Leg,
    Package,
    PackagedPlan,
    Session,
    User,
    local,
    translator,
)

_ = translator("activities")
_MOST_LINES = 20
_MOST_PLANS = 50
_MOST_PACKAGES = 20
_LONGEST = 300
"""Characters of one follow-up that go into the summary"""


class Packer:
    """Composes from follow-ups and plans, and keeps what is sent beside them."""

    def propose(self, session: Session, engagement: Engagement, leg: Leg, /) -> Package:
        """A baton that was returned goes out again as it was sent, with what was said since then below."""
        before = next(iter(_rows(session, leg.id, 1)), None) if leg.returned_reason else None
        written = _follow_ups(session, engagement, before.at if before else None)
        said, promised = _said(session, written), _promised(written)
        if before is not None:
            said, promised = [before.said, *said], [before.promised, *promised]
        return Package(
            said="\n".join(filter(None, said)), promised="\n".join(filter(None, promised)),
            plans=tuple(_plans(session, engagement)),
        )  # fmt: skip

    def keep(self, session: Session, actor: Actor, leg: Leg, package: Package, /) -> None:
        session.add(
            SentPackage(
                customer_id=leg.customer_id,
                engagement_id=leg.engagement_id,
                leg_id=leg.id,
                by_label=actor.name,
                department_label=actor.department_name,
                note=package.note,
                said=package.said,
                promised=package.promised,
                plans=[_stored(plan) for plan in package.plans],
                files=[key.hex for key in package.files],
            )
        )

    def sent(self, session: Session, leg_id: UUID, /) -> Sequence[Package]:
        return [_package(row) for row in _rows(session, leg_id, _MOST_PACKAGES)]


def _rows(session: Session, leg_id: UUID, limit: int) -> Sequence[SentPackage]:
    newest = select(SentPackage).where(SentPackage.leg_id == leg_id)
    return session.scalars(newest.order_by(SentPackage.at.desc(), SentPackage.id.desc()).limit(limit)).all()


def _follow_ups(session: Session, engagement: Engagement, since: datetime | None) -> list[FollowUp]:
    """Of the engagement, and what was said to the customer in general while it was open; oldest first."""
    general = and_(
        FollowUp.customer_id == engagement.customer_id,
        FollowUp.engagement_id.is_(None),
        FollowUp.at >= engagement.opened_at,
    )
    statement = select(FollowUp).where(or_(FollowUp.engagement_id == engagement.id, general))
    if since is not None:
        statement = statement.where(FollowUp.created_at > since)
    newest = session.scalars(statement.order_by(FollowUp.at.desc(), FollowUp.id.desc()).limit(_MOST_LINES))
    return list(reversed(newest.all()))


def _said(session: Session, written: Sequence[FollowUp]) -> list[str]:
    return [
        _(
            "%(day)s %(kind)s, %(who)s: %(text)s",
            day=f"{local(row.at):%Y-%m-%d}",
            kind=presets.kind(session, row.kind).label,
            who=row.author_label,
            text=_short(row.body),
        )
        for row in written
    ]


def _promised(written: Sequence[FollowUp]) -> list[str]:
    return [
        _("%(day)s %(who)s: %(text)s", day=f"{local(row.at):%Y-%m-%d}", who=row.author_label, text=row.promised)
        for row in written
        if row.promised
    ]


def _short(body: str) -> str:
    text = " ".join(body.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _plans(session: Session, engagement: Engagement) -> list[PackagedPlan]:
    statement = select(Plan, User.name).join(User, User.id == Plan.assignee_id)
    still = statement.where(Plan.engagement_id == engagement.id, Plan.state == "open")
    rows = session.execute(still.order_by(Plan.due_at, Plan.id).limit(_MOST_PLANS))
    return [PackagedPlan(plan.id, plan.subject, plan.due_at, plan.all_day, name) for plan, name in rows]


def _stored(plan: PackagedPlan) -> dict[str, str | bool]:
    return {
        "id": plan.id.hex, "subject": plan.subject, "due_at": plan.due_at.isoformat(), "all_day": plan.all_day,
        "who": plan.who,
    }  # fmt: skip


def _package(row: SentPackage) -> Package:
    plans = (
        PackagedPlan(
            UUID(plan["id"]), plan["subject"], datetime.fromisoformat(plan["due_at"]), plan["all_day"], plan["who"]
        )
        for plan in row.plans
    )
    return Package(
        said=row.said,
        promised=row.promised,
        plans=tuple(plans),
        files=tuple(UUID(key) for key in row.files),
        note=row.note,
        at=row.at,
        sender=row.by_label,
        department=row.department_label,
    )
