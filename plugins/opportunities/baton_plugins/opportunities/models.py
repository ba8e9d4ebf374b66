"""Project types, opportunities and contracts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Date, ForeignKey, Index, String, Text, Uuid, event, insert, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import get_history

from platform_core.api import (
    COLUMN_TYPES,
    METADATA,
    BigInt,
    DeclarativeBase,
    Identified,
    Money,
    SearchTokens,
    Stamped,
    UtcDateTime,
    Versioned,
    index_tokens,
)


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class ProjectType(Identified, Stamped, Base):
    """A kind of business, such as training or headhunting; its route says who works on it in which order."""

    __tablename__ = "opportunities_project_type"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    route_id: Mapped[UUID | None] = mapped_column(ForeignKey("relay_route.id", ondelete="SET NULL"))
    active: Mapped[bool] = mapped_column(default=True)
    order: Mapped[int] = mapped_column("sort_order", default=50)

    @property
    def plugin(self) -> str:
        """Which one brings it; "" for those that admins keep."""
        owner, dot, _name = self.code.partition(".")
        return owner if dot else ""


class Opportunity(Identified, Stamped, Versioned, Base):
    """A chance of business with a customer; lives in the engagement it opened."""

    __tablename__ = "opportunities_opportunity"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("relay_engagement.id", ondelete="SET NULL"), index=True
    )
    project_type_id: Mapped[UUID] = mapped_column(ForeignKey("opportunities_project_type.id", ondelete="RESTRICT"))
    title: Mapped[str] = mapped_column(String(120))
    need: Mapped[str] = mapped_column(Text, default="")
    expected_value: Mapped[Decimal | None] = mapped_column(Money())
    probability: Mapped[int] = mapped_column(default=50)
    """Per cent."""
    expected_on: Mapped[date | None] = mapped_column(Date())
    stage: Mapped[str] = mapped_column(String(10), default="open")
    """open, won or lost"""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    closed_by: Mapped[UUID | None] = mapped_column(Uuid())
    """Who won or lost it; without a foreign key, as the label beside it stays when they go."""
    closed_by_label: Mapped[str] = mapped_column(String(120), default="")
    closed_department_label: Mapped[str] = mapped_column(String(80), default="")
    lost_reason: Mapped[str] = mapped_column(String(200), default="")
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"), index=True)
    """Who works on it: its creator, then whoever takes the baton while it is open."""
    owner_label: Mapped[str] = mapped_column(String(120), default="")
    department_label: Mapped[str] = mapped_column(String(80), default="")
    created_by: Mapped[UUID | None] = mapped_column(Uuid())
    created_by_label: Mapped[str] = mapped_column(String(120), default="")
    created_department_label: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        Index("ix_opportunities_opportunity_created_at", "created_at", "id"),
        Index("ix_opportunities_opportunity_closed_at", "closed_at", "id"),
        Index("ix_opportunities_opportunity_created_by", "created_by", "created_at"),
        Index("ix_opportunities_opportunity_closed_by", "closed_by", "closed_at"),
        Index("ix_opportunities_opportunity_updated_at", "updated_at", "id"),
        Index("ix_opportunities_opportunity_expected_on", "expected_on", "id"),
        Index("ix_opportunities_opportunity_expected_value", "expected_value", "id"),
    )


class Contract(Identified, Stamped, Versioned, Base):
    """A signed agreement; the leg that has to sign may not hand over without one."""

    __tablename__ = "opportunities_contract"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("relay_engagement.id", ondelete="SET NULL"), index=True
    )
    opportunity_id: Mapped[UUID] = mapped_column(
        ForeignKey("opportunities_opportunity.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[str] = mapped_column(String(60), unique=True)
    signed_on: Mapped[date] = mapped_column(Date())
    amount: Mapped[Decimal] = mapped_column(Money())
    starts_on: Mapped[date | None] = mapped_column(Date())
    ends_on: Mapped[date | None] = mapped_column(Date())
    term: Mapped[str] = mapped_column(String(200), default="")
    attachment_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_attachment.id", ondelete="SET NULL"))
    signed_by_label: Mapped[str] = mapped_column(String(120), default="")
    """Who entered it."""
    department_label: Mapped[str] = mapped_column(String(80), default="")


class Words(Base):
    """Under which an opportunity is found: the words of its title, or of the number of one of its contracts."""

    __tablename__ = "opportunities_words"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    opportunity_id: Mapped[UUID] = mapped_column(
        ForeignKey("opportunities_opportunity.id", ondelete="CASCADE"), index=True
    )
    contract_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("opportunities_contract.id", ondelete="CASCADE"), unique=True
    )
    tokens: Mapped[Any] = mapped_column(SearchTokens())


def words_row(text: str, customer_id: UUID, opportunity_id: UUID, contract_id: UUID | None = None) -> dict[str, Any]:
    """A row of Words for a title or the number of a contract."""
    tokens = sorted(index_tokens(text))
    return {"customer_id": customer_id, "opportunity_id": opportunity_id, "contract_id": contract_id, "tokens": tokens}


def _row_of(row: Opportunity | Contract) -> dict[str, Any]:
    if isinstance(row, Opportunity):
        return words_row(row.title, row.customer_id, row.id)
    return words_row(row.number, row.customer_id, row.opportunity_id, row.id)


@event.listens_for(Opportunity, "after_insert")
@event.listens_for(Contract, "after_insert")
def _index(_mapper: Any, connection: Connection, row: Opportunity | Contract) -> None:
    connection.execute(insert(Words), [_row_of(row)])


@event.listens_for(Opportunity, "after_update")
@event.listens_for(Contract, "after_update")
def _index_again(_mapper: Any, connection: Connection, row: Opportunity | Contract) -> None:
    if not get_history(row, "title" if isinstance(row, Opportunity) else "number").has_changes():
        return
    now = _row_of(row)
    same = (Words.opportunity_id == now["opportunity_id"], Words.contract_id.is_not_distinct_from(now["contract_id"]))
    connection.execute(update(Words).where(*same).values(tokens=now["tokens"]))
