"""The relay: routes through the house, engagements that run along them, and each department's leg."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, Uuid, and_, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import local, now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified, Stamped, Versioned
from platform_core.kernel.readers import this_moment
from platform_core.kernel.types import Json, UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Route(Identified, Stamped, Base):
    """The departments a kind of engagement passes through, in order."""

    __tablename__ = "relay_route"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    """Counts the changes; engagements remember with which one they were opened."""


class RouteVersion(Identified, Base):
    """What a route was like at one version: kept when it is changed, never changed itself."""

    __tablename__ = "relay_route_version"

    route_id: Mapped[UUID] = mapped_column(ForeignKey("relay_route.id", ondelete="CASCADE"))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    steps: Mapped[list[Any]] = mapped_column(Json, default=list)
    """The steps' columns by name, departments as hex."""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    """When it ended: the next version began."""
    by_label: Mapped[str] = mapped_column(String(120), default="")
    """Who replaced it."""

    __table_args__ = (Index("uq_relay_route_version_route_id_version", "route_id", "version", unique=True),)


class RouteStep(Identified, Base):
    """One department's place on a route."""

    __tablename__ = "relay_route_step"

    route_id: Mapped[UUID] = mapped_column(ForeignKey("relay_route.id", ondelete="CASCADE"))
    position: Mapped[int]
    department_id: Mapped[UUID] = mapped_column(ForeignKey("users_department.id", ondelete="RESTRICT"))
    title: Mapped[str] = mapped_column(String(80), default="")
    checklist: Mapped[list[Any]] = mapped_column(Json, default=list)
    """[{"key": "first_payment", "label": "First payment", "required": true}, …]"""
    needs: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Codes that plugins check before this leg may be handed on, e.g. `contract`."""
    accept_hours: Mapped[int] = mapped_column(default=8)
    """Working hours within which the department should take over."""
    work_days: Mapped[int] = mapped_column(default=14)
    """Days after take-over when the leg is due."""
    sees_from: Mapped[str] = mapped_column(String(8), default="offer")
    """From when the department sees the customer: `opening` of the engagement, or only the `offer` of its own leg."""
    sees_until: Mapped[str] = mapped_column(String(8), default="always")
    """`always` goes on seeing it, or only until its `turn` is over: the next department has taken over."""

    __table_args__ = (Index("uq_relay_route_step_route_id_position", "route_id", "position", unique=True),)


class Engagement(Identified, Stamped, Versioned, Base):
    """One matter of one customer on its way through the house."""

    __tablename__ = "relay_engagement"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    route_id: Mapped[UUID | None] = mapped_column(ForeignKey("relay_route.id", ondelete="SET NULL"))
    route_name: Mapped[str] = mapped_column(String(80), default="")
    route_version: Mapped[int | None]
    """The route's version at the opening; null without a route, and for those from before there were versions."""
    title: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open, done or cancelled"""
    opened_by: Mapped[UUID | None] = mapped_column(Uuid())
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (
        Index("ix_relay_engagement_customer_id", "customer_id", "state"),
        Index("ix_relay_engagement_route_id", "route_id", "state", "route_version"),
    )


class Leg(Identified, Versioned, Base):
    """One department's turn in an engagement."""

    __tablename__ = "relay_leg"

    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("relay_engagement.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    department_id: Mapped[UUID] = mapped_column(ForeignKey("users_department.id", ondelete="RESTRICT"))
    title: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[str] = mapped_column(String(10), default="planned")
    """planned -> offered -> active -> done; a returned offer goes back to planned"""
    offered_by: Mapped[UUID | None] = mapped_column(Uuid())
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    offered_to: Mapped[UUID | None] = mapped_column(Uuid())
    """The named receiver; null means anybody of the department who may take over."""
    accept_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="RESTRICT"))
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    note: Mapped[str] = mapped_column(Text, default="")
    """What the sender wrote when handing over."""
    returned_reason: Mapped[str] = mapped_column(Text, default="")
    checklist: Mapped[list[Any]] = mapped_column(Json, default=list)
    """[{"key", "label", "required", "done": bool, "by": name, "at": ISO}, …]"""
    needs: Mapped[list[Any]] = mapped_column(Json, default=list)
    accept_hours: Mapped[int] = mapped_column(default=8)
    work_days: Mapped[int] = mapped_column(default=14)
    sees_from: Mapped[str] = mapped_column(String(8), default="offer")
    sees_until: Mapped[str] = mapped_column(String(8), default="always")
    outcome: Mapped[str] = mapped_column(String(200), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    closed_by: Mapped[UUID | None] = mapped_column(Uuid())
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
    """When somebody must be reminded of the present state; null once that has happened."""

    __table_args__ = (
        Index("uq_relay_leg_engagement_id_position", "engagement_id", "position", unique=True),
        Index("ix_relay_leg_department_id_state", "department_id", "state", "accept_due_at"),
        Index("ix_relay_leg_assignee_id_state", "assignee_id", "state", "due_at"),
        Index("ix_relay_leg_offered_to_state", "offered_to", "state"),
        Index("ix_relay_leg_offered_by_offered_at", "offered_by", "offered_at", "id"),
    )

    def offer(self, *, by: UUID, to: UUID | None, note: str, accept_by: datetime) -> None:
        self.state, self.offered_by, self.offered_at, self.offered_to, self.note = "offered", by, now(), to, note
        self.accept_due_at = self.remind_at = accept_by
        self.returned_reason = ""

    def take(self, user_id: UUID) -> None:
        moment = now()
        self.state, self.assignee_id, self.accepted_at = "active", user_id, moment
        self.due_at = self.remind_at = moment + timedelta(days=self.work_days)

    def give_back(self, reason: str) -> None:
        """The offer was refused: the leg waits to be offered again."""
        self.state, self.returned_reason = "planned", reason
        self.offered_to = self.accept_due_at = self.remind_at = None

    def close(self, *, by: UUID, outcome: str) -> None:
        self.state, self.closed_at, self.closed_by, self.outcome, self.remind_at = "done", now(), by, outcome, None

    def resume(self) -> None:
        """Back in its holder's hands, because the next department returned the baton."""
        self.state, self.closed_at, self.closed_by, self.outcome, self.remind_at = "active", None, None, "", self.due_at

    @property
    def open_items(self) -> list[str]:
        """Labels of what must be ticked before the leg may be handed over."""
        return [item["label"] for item in self.checklist if item.get("required") and not item.get("done")]

    @property
    def ticked(self) -> int:
        return sum(1 for item in self.checklist if item.get("done"))

    @hybrid_property
    def late(self) -> bool:
        """It was not taken over in time, or is not finished in time."""
        limit = {"offered": self.accept_due_at, "active": self.due_at}.get(self.state)
        return limit is not None and limit < now()

    @late.inplace.expression
    @classmethod
    def _late(cls) -> ColumnElement[bool]:
        offered = and_(cls.state == "offered", cls.accept_due_at < this_moment())
        return or_(offered, and_(cls.state == "active", cls.due_at < this_moment()))

    @property
    def days(self) -> int | None:
        """Days the department has held it, counting from one; null before it was taken over."""
        if self.accepted_at is None:
            return None
        return (local(self.closed_at or now()).date() - local(self.accepted_at).date()).days + 1


class RelayEvent(Identified, Base):
    """A line of the relay's history, as the timeline shows it. Labels are copied: people and departments may go."""

    __tablename__ = "relay_event"

    engagement_id: Mapped[UUID] = mapped_column(ForeignKey("relay_engagement.id", ondelete="CASCADE"), index=True)
    leg_id: Mapped[UUID | None] = mapped_column(Uuid())
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    """opened, offered, accepted, returned, reassigned, handed_over, closed, cancelled, joined, left, escalated"""
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    actor_id: Mapped[UUID | None] = mapped_column(Uuid())
    actor_label: Mapped[str] = mapped_column(String(120), default="")
    department_label: Mapped[str] = mapped_column(String(80), default="")
    to_department: Mapped[str] = mapped_column(String(80), default="")
    to_person: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_relay_event_customer_id_at", "customer_id", "at", "id"),
        Index("ix_relay_event_at", "at", "id"),
        Index("ix_relay_event_actor_id_at", "actor_id", "at", "id"),
    )
