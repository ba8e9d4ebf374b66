"""Record scope that no query can forget.

`do_orm_execute` adds each protected entity's policy to every ORM statement of an actor's session; an engine-level guard
then refuses whatever touches a protected table without proof that this happened: Core tables, raw SQL, sessions without
an actor, other classes and table objects of the same name. It stops forgetting, not malice: a plugin is Python in this
process.

Two private SQLAlchemy attributes are read (`_raw_columns`, `_setup_joins`); tests/core/kernel/test_scope.py pins them.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Alias, Column, ColumnElement, Connection, Select, Table, TableClause, TextClause, event, false
from sqlalchemy.engine import Engine
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause

from platform_core.contracts.entities import ScopePolicy
from platform_core.contracts.identity import Actor

PROOF_OPTION = "baton_scope_proof"


class ScopeViolation(RuntimeError):
    """A statement reached a protected table without an actor's scope: a bug in the calling code."""


class _Proof:
    """Only this module makes one; statements that carry it were built with their policies inside."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"<proof: {self.reason}>"


_policies: dict[type[Any], ScopePolicy] = {}
_sealed: dict[type[Any], tuple[ScopePolicy, Any]] = {}
"""What `protect` was told: the policy and its class's own `predicate`. `mend` compares with it."""
_class_of_table: dict[Any, type[Any]] = {}
_names: dict[str, Any] = {}
"""Protected tables by name: another Table object of the same name reaches the same rows."""
_touched_cache: dict[Any, frozenset[type[Any]]] = {}
_WORD = re.compile(r"\w+")
_flushing: ContextVar[bool] = ContextVar("flushing", default=False)


def protect(model: type[Any], policy: ScopePolicy) -> None:
    """From now on, rows of `model` are only reachable through `policy`. For the loader of plugins alone."""
    _policies[model] = policy
    _sealed[model] = policy, type(policy).predicate
    _class_of_table[model.__table__] = model
    _names[model.__table__.name] = model.__table__
    _touched_cache.clear()


def unprotect(model: type[Any]) -> None:
    """Forget a class that could not be loaded after all."""
    _policies.pop(model, None)
    _sealed.pop(model, None)
    if _class_of_table.get(model.__table__) is model:
        _class_of_table.pop(model.__table__)
        _names.pop(model.__table__.name, None)
    _touched_cache.clear()


def mend() -> list[str]:
    """Put back every policy that somebody replaced behind `protect`'s back. Returns the names of their classes.

    This notices clumsiness and shortcuts; code that wants to hide can change this module just as well.
    """
    changed: list[str] = []
    for model, (policy, predicate) in _sealed.items():
        replaced = type(policy).predicate is not predicate or "predicate" in getattr(policy, "__dict__", {})
        if _policies.get(model) is policy and not replaced and _class_of_table.get(model.__table__) is model:
            continue
        changed.append(model.__name__)
        if replaced:
            type(policy).predicate = predicate  # type: ignore[method-assign]
            getattr(policy, "__dict__", {}).pop("predicate", None)
        _policies[model] = policy
        _class_of_table[model.__table__] = model
        _names[model.__table__.name] = model.__table__
    for model in _policies.keys() - _sealed.keys():
        changed.append(model.__name__)
        del _policies[model]
    if changed:
        _touched_cache.clear()
    return sorted(changed)


def is_protected(model: type[Any]) -> bool:
    return model in _policies


def policy_of(model: type[Any]) -> ScopePolicy:
    return _policies[model]


def visible(model: type[Any], actor: Actor) -> ColumnElement[bool] | None:
    """The actor's predicate for `model`, for statements that carry `proven()`. None means every row."""
    return _policies[model].predicate(actor)


def proven(reason: str) -> dict[str, Any]:
    """Execution options for a core statement that contains its own predicates."""
    return {PROOF_OPTION: _Proof(reason)}


class ScopedSession(Session):
    """A session that knows for whom it reads: `info["actor"]` or, for core work, `info["system"]`."""


def actor_of(session: Session) -> Actor:
    actor = session.info.get("actor")
    if not isinstance(actor, Actor):
        message = "this session has no actor"
        raise ScopeViolation(message)
    return actor


def _criteria(session: Session, actor: Actor, model: type[Any]) -> Any:
    made = session.info.setdefault("criteria", {})
    if model not in made:
        predicate = _policies[model].predicate(actor)
        made[model] = None if predicate is None else with_loader_criteria(model, predicate, include_aliases=True)
    return made[model]


def _touched(statement: Any) -> frozenset[type[Any]]:
    key = statement._generate_cache_key()  # noqa: SLF001  the statement's own identity, as SQLAlchemy caches it
    if key is None:
        return _find_touched(statement)
    if key.key not in _touched_cache:
        if len(_touched_cache) > 2000:
            _touched_cache.clear()
        _touched_cache[key.key] = _find_touched(statement)
    return _touched_cache[key.key]


def _find_touched(statement: Any) -> frozenset[type[Any]]:
    """Protected classes reached as ORM entities. Raises when a protected table is used as a bare Core table."""
    mapped: set[type[Any]] = set()
    bare: set[Any] = set()
    orm_aliases: set[int] = set()
    core_aliases: list[Alias] = []
    for element in visitors.iterate(statement):
        entity = getattr(element, "_annotations", {}).get("parententity")
        if entity is not None:
            mapped.update(_protected_classes(entity.mapper))
            if entity.is_aliased_class:
                orm_aliases.add(hash(entity.selectable))
        elif _smuggled(element):
            message = f"{_smuggled(element)} named in a text or by another table object"
            raise ScopeViolation(message)
        elif type(element) is Column and element.table in _class_of_table:
            bare.add(element.table)
        elif isinstance(element, Alias) and element.element in _class_of_table:
            core_aliases.append(element)
        elif isinstance(element, Select):
            bare.update(_bare_tables(element))
    strays = [f"{alias.element} (aliased)" for alias in core_aliases if hash(alias) not in orm_aliases]
    strays += [table.name for table in bare if _class_of_table[table] not in mapped]
    if strays:
        message = f"used as a Core table: {', '.join(strays)}"
        raise ScopeViolation(message)
    return frozenset(mapped)


def _protected_classes(mapper: Any) -> set[type[Any]]:
    """The classes whose policies hold for `mapper`. Raises when it reaches a protected table past its class."""
    found = {cls for cls in mapper.class_.__mro__ if cls in _policies}
    for table in () if found else mapper.tables:
        if table in _class_of_table or table.name in _names:
            message = f"{mapper.class_.__name__} is mapped to {table.name} without its policy"
            raise ScopeViolation(message)
    return found


def _smuggled(element: Any) -> str:
    """The protected table that a piece of text or a table object of one's own names; empty when there is none."""
    if isinstance(element, TextClause):
        return _named_in(element.text)
    if isinstance(element, ColumnClause) and element.is_literal:
        return _named_in(element.name)
    if isinstance(element, TableClause) and element not in _class_of_table and element.name in _names:
        return element.name
    return ""


def _named_in(text: str) -> str:
    return next((word for word in _WORD.findall(text.lower()) if word in _names), "")


def _bare_tables(select: Select[Any]) -> set[Any]:
    sources: list[Any] = [*select._raw_columns, *select._from_obj, *(join[0] for join in select._setup_joins)]  # noqa: SLF001
    return {
        source
        for source in sources
        if isinstance(source, Table) and source in _class_of_table and "parententity" not in source._annotations  # noqa: SLF001
    }


def _loaded_with(state: ORMExecuteState) -> set[type[Any]]:
    """Protected classes that loader options such as selectinload may pull in."""
    found: set[type[Any]] = set()
    if state.is_select:
        for mapper in state.all_mappers:
            found.update(target for relation in mapper.relationships if (target := relation.mapper.class_) in _policies)
            if mapper.class_ in _policies:
                found.add(mapper.class_)
    return found


@event.listens_for(ScopedSession, "do_orm_execute")
def _apply_scope(state: ORMExecuteState) -> None:
    session = state.session
    if "system" in session.info:
        state.update_execution_options(**proven(str(session.info["system"])))
        return
    if PROOF_OPTION in state.execution_options:
        return
    actor = session.info.get("actor")
    if actor is None or state.is_insert or state.is_from_statement or not state.is_orm_statement:
        return
    if state.is_update and isinstance(state.parameters, list):
        return
    models = _touched(state.statement) | _loaded_with(state)
    options = [made for model in models if (made := _criteria(session, actor, model)) is not None]
    if options:
        state.statement = state.statement.options(*options)
    state.update_execution_options(**proven("policies applied"))


@event.listens_for(ScopedSession, "before_flush")
def _enter_flush(session: Session, context: UOWTransaction, instances: Any) -> None:
    _flushing.set(True)


@event.listens_for(ScopedSession, "after_flush")
def _leave_flush(session: Session, context: UOWTransaction) -> None:
    _flushing.set(False)


@event.listens_for(ScopedSession, "after_soft_rollback")
def _abort_flush(session: Session, previous: Any) -> None:
    _flushing.set(False)


def install_guard(engine: Engine) -> None:
    """Refuse, on every connection of `engine`, statements on protected tables that carry no proof."""

    @event.listens_for(engine, "before_execute")
    def guard(connection: Connection, element: Any, multiparams: Any, params: Any, options: Any) -> None:
        if PROOF_OPTION in options:
            return
        if isinstance(element, TextClause | str):
            message = "raw SQL needs a system session"
            raise ScopeViolation(message)
        is_write = any(getattr(element, flag, False) for flag in ("is_insert", "is_update", "is_delete"))
        if _flushing.get() and is_write:
            return
        if getattr(element, "is_insert", False) and element.select is None and element.table in _class_of_table:
            return
        for part in visitors.iterate(element):
            found = part.name if isinstance(part, Table) and part in _class_of_table else _smuggled(part)
            if found:
                message = f"{found} without scope"
                raise ScopeViolation(message)


def nothing() -> ColumnElement[bool]:
    """The predicate of an actor without any right to the entity."""
    return false()
