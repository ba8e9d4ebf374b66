"""Cycles of return visits, and the customers on them. A visit is a plan: `series_id` is the run, `series_no` which."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from baton_plugins.activities.models import Base
from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import DictionaryCode, EntityRef, Identified, Json, Stamped, Versioned


class Cycle(Identified, Stamped, Versioned, Base):
    """After how many days somebody visits a customer again, who does it and how, and whom the house puts on it."""

    __tablename__ = "activities_cycle"

    name: Mapped[str] = mapped_column(String(60), unique=True)
    steps: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Days after the start, ascending"""
    every: Mapped[int] = mapped_column(default=0)
    """Days from one visit to the next after the last step; 0: it is over then"""
    kind: Mapped[str] = mapped_column(DictionaryCode("activities.kind"), default="call")
    subject: Mapped[str] = mapped_column(String(120), default="")
    """What the visits are about; empty: the cycle's name"""
    who: Mapped[str] = mapped_column(String(8), default="owner")
    """owner of the customer, holder of its baton, head of its department, or a person"""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    starts: Mapped[str] = mapped_column(String(8), default="joined")
    """What the days of those who are put on it by the rule count from: joined, taken (a leg) or done (an engagement)"""
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="SET NULL"))
    """Whose taking over is meant; none: anybody's"""
    grade: Mapped[str] = mapped_column(DictionaryCode("customers.grade"), default="")
    classification: Mapped[str] = mapped_column(DictionaryCode("customers.classification"), default="")
    status: Mapped[str] = mapped_column(DictionaryCode("customers.status"), default="")
    group_id: Mapped[UUID | None] = mapped_column(Uuid())
    """Of customers; what these four say is the condition of the rule"""
    per_day: Mapped[int] = mapped_column(default=0)
    """So many customers the rule puts on it in a day at most; 0: any number"""
    rule: Mapped[bool] = mapped_column(default=False)
    """Customers who meet the condition are put on it, and taken off when they no longer do"""
    active: Mapped[bool] = mapped_column(default=True)
    """False: it was stopped, and its open visits are withdrawn"""
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    """Whose rule it is: it reaches the customers whom they see"""
    by_label: Mapped[str] = mapped_column(String(120), default="")

    @property
    def ref(self) -> EntityRef:
        return EntityRef("activities", "cycle", self.id, self.name)

    @property
    def url(self) -> str:
        return f"/settings/cycles/{self.id}"


class CycleRun(Identified, Stamped, Versioned, Base):
    """A customer on a cycle; the row stays when it is over, and is taken up again when the customer comes back."""

    __tablename__ = "activities_cycle_run"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("activities_cycle.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(8), default="on")
    """on; over (all visits made), off (taken off by hand), left (no longer meets the rule), stopped (with the cycle)"""
    by_rule: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date] = mapped_column(Date())
    joined_on: Mapped[date] = mapped_column(Date())
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    """Whose end or taking over the days count from"""
    step: Mapped[int] = mapped_column(default=0)
    """Which visit since the start the present plan is"""
    number: Mapped[int] = mapped_column(default=0)
    """How many plans it has had in all: `series_no` of the present one"""
    by_label: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (
        UniqueConstraint("cycle_id", "customer_id"),
        Index("ix_activities_cycle_run_cycle_id_state", "cycle_id", "state", "id"),
        Index("ix_activities_cycle_run_cycle_id_joined_on", "cycle_id", "joined_on"),
    )
