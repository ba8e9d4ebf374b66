"""What customers are to each other."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.customers.models import Base
from platform_core.kernel.clock import now
from platform_core.kernel.model import Identified
from platform_core.kernel.types import DictionaryCode, UtcDateTime


class Relation(Identified, Base):
    """`second` is the `kind` of `first`: its employer, its introducer. One row says both directions."""

    __tablename__ = "customers_relation"

    first_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    second_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(DictionaryCode("customers.relation"))
    since: Mapped[date | None] = mapped_column(Date())
    until: Mapped[date | None] = mapped_column(Date())
    note: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[UUID | None] = mapped_column(Uuid())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)

    __table_args__ = (
        Index("ix_customers_relation_first_id", "first_id", "kind"),
        Index("ix_customers_relation_second_id", "second_id", "kind"),
    )
