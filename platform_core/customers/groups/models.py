"""A group of customers and its members."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.contracts.entities import EntityRef
from platform_core.customers.models import Base
from platform_core.kernel.clock import now
from platform_core.kernel.model import Identified, Stamped, Versioned
from platform_core.kernel.types import Json, UtcDateTime
from platform_core.users.views.sharing import Shared


class Group(Shared, Identified, Stamped, Versioned, Base):
    """Seeing a group shows nobody a customer: its members are those that the reader sees anyway."""

    __tablename__ = "customers_group"

    name: Mapped[str] = mapped_column(String(60))
    tone: Mapped[str] = mapped_column(String(12), default="")
    conditions: Mapped[list[Any] | None] = mapped_column(Json)
    """Of the customer list, as its URL has them; None: the members are put in by hand."""
    any_of: Mapped[bool] = mapped_column(default=False)

    @property
    def is_fixed(self) -> bool:
        return self.conditions is None

    @property
    def ref(self) -> EntityRef:
        return EntityRef("customers", "group", self.id, self.name)

    @property
    def url(self) -> str:
        """Of its customers."""
        return f"/customers?f=group:is:{self.id}"


class Member(Base):
    """A customer of a fixed group."""

    __tablename__ = "customers_group_member"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("customers_group.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers_customer.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_by: Mapped[UUID | None] = mapped_column(Uuid())
    added_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
