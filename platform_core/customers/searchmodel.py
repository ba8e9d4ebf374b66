"""The search row of each customer: tokens in a tsvector on PostgreSQL, in FTS5 (kept by triggers) on SQLite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect, ForeignKey, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from platform_core.customers.models import Base
from platform_core.kernel.types import BigInt


class SearchTokens(TypeDecorator[Any]):
    """An iterable of tokens (kernel.searchtokens.index_tokens) in; not meant to be read back."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        # Tokens are letters, digits and "_" only, so quoting cannot go wrong.
        return (
            " ".join(f"'{token}'" for token in value or ()) if dialect.name == "postgresql" else " ".join(value or ())
        )


class SearchRow(Base):
    """One per customer; `id` is what FTS5 calls the rowid."""

    __tablename__ = "customers_search"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), unique=True)
    tokens: Mapped[Any] = mapped_column(SearchTokens())
