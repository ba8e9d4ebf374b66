"""The search row of each customer: tokens in a tsvector on PostgreSQL, in FTS5 (kept by triggers) on SQLite."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.customers.models import Base
from platform_core.kernel.searchcolumn import SearchTokens
from platform_core.kernel.types import BigInt


class SearchRow(Base):
    """One per customer; `id` is what FTS5 calls the rowid."""

    __tablename__ = "customers_search"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), unique=True)
    tokens: Mapped[Any] = mapped_column(SearchTokens())
