"""Lists of customers to call, their lines, and what callers are to say."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from baton_plugins.telephony.models import Base
from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import DictionaryCode, EntityRef, Identified, Json, Stamped


class Script(Identified, Stamped, Base):
    """What callers say; it stands beside the customer who is called."""

    __tablename__ = "telephony_script"

    name: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    """False: offered for no more lists; those that have it keep it."""


class CallList(Identified, Stamped, Base):
    """Customers to call. Who sees it: its maker, and with `shared` the maker's department."""

    __tablename__ = "telephony_list"

    name: Mapped[str] = mapped_column(String(80))
    by_id: Mapped[UUID] = mapped_column(Uuid(), index=True)
    by_label: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users_department.id", ondelete="SET NULL"), index=True
    )
    shared: Mapped[bool] = mapped_column(default=True)
    script_id: Mapped[UUID | None] = mapped_column(ForeignKey("telephony_script.id", ondelete="SET NULL"), index=True)
    conditions: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Of the customer list, where everything that met them was chosen."""
    total: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]

    @property
    def ref(self) -> EntityRef:
        return EntityRef("telephony", "list", self.id, self.name)

    @property
    def url(self) -> str:
        return f"/calls/lists/{self.id}"


class ListLine(Base):
    """One customer of a list. States: waiting, taken (somebody is at it), done."""

    __tablename__ = "telephony_list_line"

    list_id: Mapped[UUID] = mapped_column(ForeignKey("telephony_list.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was put off: those that were not come first."""
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting", server_default="waiting")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"), index=True)
    """Who is at it, or did it."""
    by_label: Mapped[str] = mapped_column(String(120), default="", server_default="")
    at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(DictionaryCode("activities.outcome"), default="", server_default="")
    """As the follow-up says."""

    __table_args__ = (Index("ix_telephony_list_line_state", "list_id", "state", "place", "number"),)
