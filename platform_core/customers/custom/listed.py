"""Own fields in lists of customers: a column for each, conditions and orders for those with an index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.custom import changing, indexes, values
from platform_core.customers.custom.definitions import Field, known
from platform_core.customers.models import Customer
from platform_core.users import labels
from platform_core.web.lists import days
from platform_core.web.lists.declaration import Column, Filter, Kind, ListView, Sort

_LAST = "\U0010ffff"
_TEXT = ("is", "starts", "empty", "filled")
_Where = Callable[[str, Sequence[str], Actor], ColumnElement[bool]]


def extended(session: Session, view: ListView) -> ListView:
    """The view as the definitions have it at this moment."""
    return _held(session, view, has_orders=True)


def unordered(session: Session, view: ListView) -> ListView:
    """The same of a list of few among all customers, in no order of theirs.

    An index of a field has all customers in it: whoever walks it for the leads passes nearly everybody else.
    """
    return _held(session, view, has_orders=False)


def _held(session: Session, view: ListView, *, has_orders: bool) -> ListView:
    found = known(session)
    shown = [item for item in found.fields if item.active]
    if not shown:
        return view
    held = found.kept.get(view.key)
    if held is None or held[0] is not view:
        held = found.kept[view.key] = (view, _made(view, shown, has_orders=has_orders))
    made: ListView = held[1]
    return made


def _made(view: ListView, shown: Sequence[Field], *, has_orders: bool) -> ListView:
    found = [item for item in shown if item.is_found]
    ordered = [item for item in found if item.has_order and has_orders]
    return replace(
        view,
        columns=(*view.columns, *(_column(item, has_order=item in ordered) for item in shown)),
        filters=(*view.filters, *(_filter(item) for item in found)),
        sorts=(*view.sorts, *(_sort(item) for item in ordered)),
        edition="own fields",
    )


def _column(item: Field, *, has_order: bool) -> Column:
    return Column(
        item.name,
        item.label,
        (Customer.custom,),
        sort=item.name if has_order else "",
        number=item.is_number,
        shown=False,
        # A file gets the value from the row alone; people's names are looked up once for all rows.
        text=lambda row, look: look["own"](item, row),
        values=partial(_values, item.key),
        edited=item.name if changing.is_changed(item) else "",
    )


def _values(key: str, session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[Any, str]:
    item = known(session).by_key[key]
    return {row.id: values.shown(session, item, (row.custom or {}).get(key)) for row in rows}


def exported(session: Session) -> Callable[[Field, Any], Any]:
    """For `look["own"]`: numbers stay numbers in a file, so that they can be added up."""

    def text(item: Field, row: Any) -> Any:
        kept = (row.custom or {}).get(item.key)
        if kept is not None and item.is_number and not item.data.sensitive:
            return values.thawed(item, kept)
        return values.shown(session, item, kept)

    return text


def _kind(item: Field) -> Kind:
    if item.is_number:
        return "number"
    if item.is_date:
        return "date"
    if item.is_bool:
        return "bool"
    return {"choice": "choice", "person": "user"}.get(item.widget, "text")  # type: ignore[return-value]


def _filter(item: Field) -> Filter:
    kind = _kind(item)
    return Filter(
        item.name,
        item.label,
        kind,
        dictionary=item.data.dictionary if kind == "choice" else "",
        choices=(lambda session, _actor: labels.person_choices(session)) if kind == "user" else None,
        where=partial(_where, item),
        operators=_TEXT if kind == "text" else (),
        selective=kind in {"text", "number", "date"},
    )


def _sort(item: Field) -> Sort:
    return Sort(item.name, item.label, indexes.expression(Customer.custom, item), has_own_index=True)


def _where(item: Field, operator: str, given: Sequence[str], actor: Actor) -> ColumnElement[bool]:
    column = indexes.expression(Customer.custom, item)
    if operator in {"empty", "filled"}:
        return column.is_(None) if operator == "empty" else column.is_not(None)
    kind = _kind(item)
    if kind == "date":
        return _on_days(column, operator, given[0])
    if kind == "number":
        number = float(given[0])
        if operator == "is":
            return column == number
        return indexes.seldom(column >= number if operator == "least" else column <= number)
    if kind == "text":
        text = given[0].lower()
        return column == text if operator == "is" else _between(column, text, text + _LAST)
    if kind == "bool":
        return indexes.often(column == given[0])
    wanted = [_member(kind, value, actor) for value in given]
    found = column == wanted[0] if len(wanted) == 1 else column.in_(wanted)
    return found if operator == "is" else or_(column.is_(None), ~found)


def _member(kind: Kind, value: str, actor: Actor) -> str:
    if kind == "user":
        return str(actor.user_id if value == "me" else UUID(value))
    return value


def _between(column: ColumnElement[Any], first: str, end: str) -> ColumnElement[bool]:
    # Each by itself: SQLite does not look into what is joined.
    return and_(indexes.seldom(column >= first), indexes.seldom(column < end))


def _on_days(column: ColumnElement[Any], operator: str, value: str) -> ColumnElement[bool]:
    first, end = (day.isoformat() for day in days.span(value))
    made: dict[str, ColumnElement[bool]] = {
        "on": _between(column, first, end),
        "out": or_(column < first, column >= end),
        "before": indexes.seldom(column < first),
        "until": indexes.seldom(column < end),
        "since": indexes.seldom(column >= first),
        "after": indexes.seldom(column >= end),
    }
    return made[operator]
