"""A column of search tokens: a tsvector on PostgreSQL, which an index of GIN serves, words in a row on SQLite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, and_, bindparam, cast, false, func, or_, type_coerce
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from platform_core.kernel.database import database_of
from platform_core.kernel.searchtokens import QueryTerm, query_groups, to_tsquery


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


def tsquery(groups: Iterable[Iterable[QueryTerm]]) -> ColumnElement[Any]:
    """The groups as PostgreSQL compares them with a tsvector."""
    return cast(bindparam(None, to_tsquery(groups), type_=Text()), TSQUERY())


def has_words(session: Session, column: Any, words: str) -> ColumnElement[bool]:
    """Rows whose `column` of SearchTokens has all the words, in characters, pinyin or initials; none for no words.

    On SQLite every row of the table is looked at: for tables of tens of thousands.
    """
    groups = query_groups(words)
    if not groups:
        return false()
    if not database_of(session).is_sqlite:
        found: ColumnElement[bool] = column.op("@@", is_comparison=True)(tsquery(groups))
        return found
    return stored_words(column, groups)


def stored_words(column: Any, groups: Iterable[Iterable[QueryTerm]]) -> ColumnElement[bool]:
    """SQLite: the groups compared with the words as they are stored, without an index; quick for single rows."""
    words = type_coerce(column, Text())
    return and_(*(or_(*(_has(words, term) for term in group)) for group in groups))


def _has(words: ColumnElement[str], term: QueryTerm) -> ColumnElement[bool]:
    # Neither LIKE, which folds the case of all it passes, nor spaces put around a copy of the words.
    end = "" if term.prefix else " "
    starts = f"{term.token}{end}"
    found = [func.instr(words, f" {starts}") > 0, func.substr(words, 1, len(starts)) == starts]
    if not term.prefix:
        ends = f" {term.token}"
        found += [func.substr(words, -len(ends)) == ends, words == term.token]
    return or_(*found)
