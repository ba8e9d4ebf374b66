"""A column of search tokens: a tsvector on PostgreSQL, which an index of GIN serves, words in a row on SQLite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, Text, and_, bindparam, cast, func, or_, type_coerce
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from platform_core.kernel.database import database_of
from platform_core.kernel.searchtokens import QueryTerm, query_groups, to_fts5, to_tsquery, weak_as_whole


class SearchTokens(TypeDecorator[Any]):
    """An iterable of tokens (kernel.searchtokens.index_tokens) in; not meant to be read back."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        return stored(value or (), sqlite=dialect.name != "postgresql")


def stored(tokens: Iterable[str], *, sqlite: bool) -> str:
    """The tokens as such a column takes them."""
    # They are letters, digits and "_" only, so quoting cannot go wrong.
    return " ".join(tokens) if sqlite else " ".join([f"'{token}'" for token in tokens])


def tsquery(groups: Iterable[Iterable[QueryTerm]]) -> ColumnElement[Any]:
    """The groups as PostgreSQL compares them with a tsvector."""
    return tsquery_of(to_tsquery(groups))


def tsquery_of(text: str) -> ColumnElement[Any]:
    """The same of a query that is written already."""
    return cast(bindparam(None, text, type_=Text()), TSQUERY())


def spelled(session: Session, words: str, *, weak: bool = True) -> str:
    """Words, pinyin or initials as the database's search engine reads them; empty when they say nothing.

    Without `weak` two letters or four digits find whole words and initials only: what begins with them takes the index
    long to collect.
    """
    groups = query_groups(words) if weak else weak_as_whole(query_groups(words))
    return to_fts5(groups) if database_of(session).is_sqlite else to_tsquery(groups)


def has_words(rows: type[Any], text: Any) -> ColumnElement[bool]:
    """Rows whose `tokens` have all the words that were `spelled` (a text, or a parameter for one).

    `rows` has an integer key `id`, a column `tokens` of SearchTokens and an index made by `create_word_index`.
    """
    return _HasWords(rows.id, rows.tokens, text)


class _HasWords(FunctionElement[bool]):
    """Written for each engine when the statement is compiled, so that one statement suits both."""

    name = "has_words"
    type = Boolean()
    inherit_cache = True


@compiles(_HasWords, "postgresql")
def _in_gin(element: _HasWords, compiler: SQLCompiler, **options: Any) -> str:
    _key, tokens, text = element.clauses
    return f"({compiler.process(tokens, **options)} @@ CAST({compiler.process(text, **options)} AS TSQUERY))"


@compiles(_HasWords, "sqlite")
def _in_fts5(element: _HasWords, compiler: SQLCompiler, **options: Any) -> str:
    key, _tokens, text = element.clauses
    index = f"{next(iter(key.base_columns)).table.name}_fts"
    matches = f"SELECT rowid FROM {index} WHERE {index} MATCH {compiler.process(text, **options)}"  # noqa: S608  our names
    return f"({compiler.process(key, **options)} IN ({matches}))"


def create_word_index(operations: Any, name: str) -> None:
    """For migrations: index `tokens` of the table `name`, whose key is an integer `id`. `operations`: alembic's."""
    if operations.get_bind().dialect.name == "postgresql":
        operations.create_index(word_index(name), name, ["tokens"], postgresql_using="gin")
        # With the default statistics words that few rows have pass for common ones.
        operations.execute(f"ALTER TABLE {name} ALTER tokens SET STATISTICS 1000")
        return
    operations.execute(
        f"CREATE VIRTUAL TABLE {name}_fts USING fts5(tokens, content='{name}', content_rowid='id',"
        " detail=none, prefix='1 2', tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")"
    )
    into = f"INSERT INTO {name}_fts"
    operations.execute(f"{into}({name}_fts) VALUES ('rebuild')")
    add = f"{into}(rowid, tokens) VALUES (new.id, new.tokens);"
    drop = f"{into}({name}_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
    for moment, act in (("INSERT", add), ("DELETE", drop), ("UPDATE OF tokens", f"{drop} {add}")):
        trigger = f"{name}_{moment.split()[0].lower()}"
        operations.execute(f"CREATE TRIGGER {trigger} AFTER {moment} ON {name} BEGIN {act} END")


def word_index(table: str) -> str:
    """Its name on PostgreSQL."""
    return f"ix_{table}_tokens"


def drop_word_index(operations: Any, name: str) -> None:
    """Before the table itself is dropped, or altered."""
    if operations.get_bind().dialect.name == "postgresql":
        operations.drop_index(word_index(name), name)
        return
    for moment in ("insert", "delete", "update"):
        operations.execute(f"DROP TRIGGER {name}_{moment}")
    operations.execute(f"DROP TABLE {name}_fts")


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
