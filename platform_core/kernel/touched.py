"""What a statement is made of: which protected classes it reaches, and whether it reaches past their policies.

Three private SQLAlchemy attributes are read (`_from_obj`, `_raw_columns`, `_setup_joins`);
tests/core/kernel/test_scope.py pins them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Alias, Column, Select, Table, TableClause, TextClause
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause

from platform_core.kernel.protected import ScopeViolation, class_of_table, names, policies, when_changed

_MOST_KNOWN = 2000
_WORD = re.compile(r"\w+")
_known: dict[Any, Touched] = {}
when_changed(_known.clear)


@dataclass(frozen=True, slots=True)
class Touched:
    """Protected classes in a statement; those in `plainly` are rows of its one FROM, so that WHERE can judge them."""

    models: frozenset[type[Any]]
    plainly: frozenset[type[Any]]


def touched(statement: Any) -> Touched:
    """Raises ScopeViolation when a protected table is used as a bare Core table, or named past its class."""
    key = statement._generate_cache_key()  # noqa: SLF001  the statement's own identity, as SQLAlchemy caches it
    if key is None:
        return _find(statement)
    if key.key not in _known:
        if len(_known) > _MOST_KNOWN:
            _known.clear()
        _known[key.key] = _find(statement)
    return _known[key.key]


def _find(statement: Any) -> Touched:
    mapped: set[type[Any]] = set()
    bare: set[Any] = set()
    orm_aliases: set[int] = set()
    core_aliases: list[Alias] = []
    inherited: set[type[Any]] = set()
    selects = 0
    for element in visitors.iterate(statement):
        entity = getattr(element, "_annotations", {}).get("parententity")
        if entity is not None:
            found = _protected_classes(entity.mapper)
            mapped.update(found)
            inherited.update(found - {entity.mapper.class_})
            if entity.is_aliased_class:
                orm_aliases.add(hash(entity.selectable))
        elif smuggled(element):
            message = f"{smuggled(element)} named in a text or by another table object"
            raise ScopeViolation(message)
        elif type(element) is Column and element.table in class_of_table:
            bare.add(element.table)
        elif isinstance(element, Alias) and element.element in class_of_table:
            core_aliases.append(element)
        elif isinstance(element, Select):
            selects += 1
            bare.update(_bare_tables(element))
    strays = [f"{alias.element} (aliased)" for alias in core_aliases if hash(alias) not in orm_aliases]
    strays += [table.name for table in bare if class_of_table[table] not in mapped]
    if strays:
        message = f"used as a Core table: {', '.join(strays)}"
        raise ScopeViolation(message)
    is_plain = isinstance(statement, Select) and selects == 1 and not orm_aliases and not inherited
    return Touched(frozenset(mapped), frozenset(mapped - _optional(statement)) if is_plain else frozenset())


def _optional(select: Select[Any]) -> set[type[Any]]:
    """Classes whose row may be missing from a result row: WHERE would drop the row with it."""
    if any(not isinstance(source, Table) for source in select._from_obj):  # noqa: SLF001
        return set(policies)
    optional: set[type[Any]] = set()
    for target, _condition, _left, flags in select._setup_joins:  # noqa: SLF001
        if flags["full"]:
            return set(policies)
        if flags["isouter"]:
            optional.update(set(policies) if not isinstance(target, Table) else {class_of_table.get(target, Select)})
    return optional


def _protected_classes(mapper: Any) -> set[type[Any]]:
    """The classes whose policies hold for `mapper`. Raises when it reaches a protected table past its class."""
    found = {cls for cls in mapper.class_.__mro__ if cls in policies}
    for table in () if found else mapper.tables:
        if table in class_of_table or table.name in names:
            message = f"{mapper.class_.__name__} is mapped to {table.name} without its policy"
            raise ScopeViolation(message)
    return found


def smuggled(element: Any) -> str:
    """The protected table that a piece of text or a table object of one's own names; empty when there is none."""
    if isinstance(element, TextClause):
        return _named_in(element.text)
    if isinstance(element, ColumnClause) and element.is_literal:
        return _named_in(element.name)
    if isinstance(element, TableClause) and element not in class_of_table and element.name in names:
        return element.name
    return ""


def _named_in(text: str) -> str:
    return next((word for word in _WORD.findall(text.lower()) if word in names), "")


def _bare_tables(select: Select[Any]) -> set[Any]:
    sources: list[Any] = [*select._raw_columns, *select._from_obj, *(join[0] for join in select._setup_joins)]  # noqa: SLF001
    return {
        source
        for source in sources
        if isinstance(source, Table) and source in class_of_table and "parententity" not in source._annotations  # noqa: SLF001
    }
