"""Conditions on a list: as text in the URL (`status:is:new,interested`), as words on a chip, as SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Integer, String, and_, not_, or_
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel import clock, dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.letters import has_letters
from platform_core.web.lists import days
from platform_core.web.lists.declaration import Choices, Filter, ListView
from platform_core.web.lists.private import is_private

_ = translator("web")
ME = "me"
MINE = "mine"
BELOW = "below"
MOST_CONDITIONS = 20
MOST_VALUES = 50

OPERATORS: dict[str, str] = {
    "is": _.lazy_pgettext("condition", "is"),
    "not": _.lazy_pgettext("condition", "is not"),
    "has": _.lazy_pgettext("condition", "contains"),
    "starts": _.lazy_pgettext("condition", "starts with"),
    "on": _.lazy_pgettext("condition", "on"),
    "out": _.lazy_pgettext("condition", "not in"),
    "before": _.lazy_pgettext("condition", "before"),
    "until": _.lazy_pgettext("condition", "until"),
    "since": _.lazy_pgettext("condition", "since"),
    "after": _.lazy_pgettext("condition", "after"),
    "least": _.lazy_pgettext("condition", "at least"),
    "most": _.lazy_pgettext("condition", "at most"),
    "empty": _.lazy_pgettext("condition", "is empty"),
    "filled": _.lazy_pgettext("condition", "is filled in"),
}
WITHOUT_VALUE = frozenset({"empty", "filled"})
OF_KIND: dict[str, tuple[str, ...]] = {
    "choice": ("is", "not", "empty", "filled"),
    "user": ("is", "not", "empty", "filled"),
    "department": ("is", "not", "empty", "filled"),
    "text": ("has", "starts", "is", "empty", "filled"),
    "team": ("is", "not", "empty", "filled"),
    "date": ("on", "out", "before", "until", "since", "after", "empty", "filled"),
    "number": ("is", "least", "most", "empty", "filled"),
    "bool": ("is",),
}


def operators_of(declared: Filter) -> tuple[str, ...]:
    return declared.operators or OF_KIND[declared.kind]


@dataclass(frozen=True, slots=True)
class Condition:
    filter: str
    operator: str
    values: tuple[str, ...] = ()
    group: int = 0
    """Number of the group it belongs to."""

    @property
    def text(self) -> str:
        written = ",".join(quote(value, safe="") for value in self.values)
        return f"{self.filter}:{self.operator}:{written}" if written else f"{self.filter}:{self.operator}"


def parse(view: ListView, text: str) -> Condition:
    """Raises Invalid for an unknown field, operator or value."""
    key, _colon, rest = text.partition(":")
    operator, _colon, written = rest.partition(":")
    values = tuple(unquote(value) for value in written.split(",") if value)
    return checked(view, Condition(key, operator, values))


def checked(view: ListView, condition: Condition) -> Condition:
    """The condition without superfluous values. Raises Invalid with a message for its form."""
    declared = view.filter(condition.filter)
    if declared is None or condition.operator not in operators_of(declared):
        raise Invalid(_("This list has no such condition."))
    if condition.operator in WITHOUT_VALUE:
        return replace(condition, values=())
    if not condition.values:
        raise Invalid(_("Please choose or write a value."), fields={"value": _("Please choose or write a value.")})
    if len(condition.values) > MOST_VALUES:
        raise Invalid(_("At most %(limit)s values.", limit=MOST_VALUES))
    if declared.kind == "text" and is_private(condition.values[0]):
        message = _("Phone numbers and addresses are looked up in the search box.")
        raise Invalid(message, fields={"value": message})
    try:
        for value in condition.values:
            _READ[declared.kind](value)
    except ValueError as error:
        message = _("This value cannot be used.")
        raise Invalid(message, fields={"value": message}) from error
    return condition


def _user(value: str) -> str | UUID:
    return value if value == ME else UUID(value)


def _department(value: str) -> str | UUID:
    return value if value in {MINE, BELOW} else UUID(value)


def _team(value: str) -> str | UUID:
    return value if value == MINE else UUID(value)


def _number(value: str) -> float:
    number = float(value)
    if not -1e15 < number < 1e15:
        raise ValueError(value)
    return number


def _yes_no(value: str) -> bool:
    if value not in {"yes", "no"}:
        raise ValueError(value)
    return value == "yes"


_READ: dict[str, Any] = {
    "choice": str,
    "text": str,
    "date": days.span,
    "bool": _yes_no,
    "user": _user,
    "department": _department,
    "team": _team,
    "number": _number,
}


def joined(
    session: Session,
    actor: Actor,
    view: ListView,
    groups: Sequence[Sequence[Condition]],
    *,
    any_of: bool,
    narrowed: bool = False,
) -> list[Any]:
    """All groups as one condition over the entity, or none: AND inside of a group and OR between, or the reverse.

    `narrowed`: texts are compared so that an index serves; PostgreSQL only.
    """
    inside, between = (or_, and_) if any_of else (and_, or_)
    made = [inside(*(sql(session, actor, view, item, narrowed=narrowed) for item in group)) for group in groups]
    return [between(*made)] if made else []


def _of_its_own(session: Session, actor: Actor, declared: Filter, condition: Condition) -> ColumnElement[bool] | None:
    """What a field says itself of its conditions; none where these compare its column."""
    if declared.found is not None:
        return _met(declared.found(session, actor, condition.values), condition)
    if declared.where is not None:
        return declared.where(condition.operator, condition.values, actor)
    return _met(declared.among(condition.values), condition) if declared.among is not None else None


def sql(
    session: Session, actor: Actor, view: ListView, condition: Condition, *, narrowed: bool = False
) -> ColumnElement[bool]:
    """The condition over the entity's mapped columns."""
    declared = view.by_key["filters"][condition.filter]
    if declared.dictionary:
        condition = replace(
            condition, values=tuple(dictionaries.family(session, declared.dictionary, condition.values))
        )
    of_its_own = _of_its_own(session, actor, declared, condition)
    if of_its_own is not None:
        return of_its_own
    column, operator = declared.expression, condition.operator
    if operator in WITHOUT_VALUE:
        empty: ColumnElement[bool] = column.is_(None)
        if isinstance(column.type, String):
            empty = or_(empty, column == "")
        return empty if operator == "empty" else not_(empty)
    if declared.kind == "date":
        return _on_days(column, operator, condition.values[0])
    if declared.kind == "text":
        return _on_text(declared, condition, narrowed=narrowed)
    if declared.kind == "bool":
        matched: ColumnElement[bool] = column.is_(_yes_no(condition.values[0]))
        return matched
    if declared.kind == "number":
        return _on_number(column, operator, _number(condition.values[0]))
    values = [item for value in condition.values for item in _members(declared, value, actor)]
    met: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return met if operator == "is" else or_(column.is_(None), not_(met))


def _met(found: ColumnElement[bool], condition: Condition) -> ColumnElement[bool]:
    return found if condition.operator in {"is", "filled"} else not_(found)


def _members(declared: Filter, value: str, actor: Actor) -> Sequence[Any]:
    if declared.kind == "user":
        return [actor.user_id if value == ME else UUID(value)]
    if declared.kind == "department":
        words = {MINE: actor.department_ids, BELOW: actor.subtree_ids}
        return sorted(words[value]) if value in words else [UUID(value)]
    if declared.kind == "team":
        return sorted(actor.team_ids) if value == MINE else [UUID(value)]
    return [value]


def _on_days(column: Any, operator: str, value: str) -> ColumnElement[bool]:
    first, end = (_bound(column, day) for day in days.span(value))
    made: dict[str, ColumnElement[bool]] = {
        "on": and_(column >= first, column < end),
        # "No contact in the last 30 days" includes whoever was never spoken to.
        "out": or_(column.is_(None), column < first, column >= end),
        "before": column < first,
        "until": column < end,
        "since": column >= first,
        "after": column >= end,
    }
    return made[operator]


def _bound(column: Any, day: date) -> Any:
    return day if isinstance(column.type, Date) else clock.day_start(day)


def _on_text(declared: Filter, condition: Condition, *, narrowed: bool) -> ColumnElement[bool]:
    # The column itself, not made small: of that PostgreSQL knows how many rows meet a pattern.
    column, value = declared.expression, condition.values[0]
    begun = re.sub("([/%_])", r"/\1", value) + "%"
    made: dict[str, ColumnElement[bool]] = {
        "has": column.ilike(f"%{begun}", escape="/"),
        "starts": column.ilike(begun, escape="/"),
        "is": column == value,
    }
    met = made[condition.operator]
    if not narrowed:
        return met
    first = declared.narrowed(value) if declared.narrowed else has_letters(column, value)
    return met if first is None else and_(first, met)


def _on_number(column: Any, operator: str, value: float) -> ColumnElement[bool]:
    if isinstance(column.type, Integer) and value.is_integer():
        value = int(value)  # as a fraction no index is looked into, and no statistics
    made: dict[str, ColumnElement[bool]] = {"is": column == value, "least": column >= value, "most": column <= value}
    return made[operator]


def choices(session: Session, actor: Actor, declared: Filter) -> Choices:
    """What may be chosen for a condition on this field, the words with a meaning of their own first."""
    own: list[tuple[str, str]] = {
        "user": [(ME, _("me"))],
        "team": [(MINE, _("my teams"))],
        "department": [(MINE, _("my department")), (BELOW, _("my department and those below"))],
        "bool": [("yes", _("yes")), ("no", _("no"))],
        "date": [(word, str(label)) for word, (label, _span) in days.WORDS.items()]
        + [(word, str(label)) for word, label in days.COUNTS.items()],
    }.get(declared.kind, [])
    if declared.dictionary:
        return [*own, *dictionaries.choices(session, declared.dictionary)]
    return [*own, *(declared.choices(session, actor) if declared.choices else ())]


def describe(session: Session, actor: Actor, declared: Filter, condition: Condition) -> tuple[str, str]:
    """(operator, values) as a chip shows them."""
    if condition.operator in WITHOUT_VALUE:
        return str(OPERATORS[condition.operator]), ""
    if declared.kind == "date":
        return str(OPERATORS[condition.operator]), days.label(condition.values[0])
    if declared.kind in {"text", "number"}:
        return str(OPERATORS[condition.operator]), condition.values[0]
    labels = dict(choices(session, actor, declared))
    if declared.dictionary:
        meant = {value: dictionaries.current(session, declared.dictionary, value) for value in condition.values}
        labels |= {value: dictionaries.label(session, declared.dictionary, code) for value, code in meant.items()}
    shown = [labels.get(value, _("unknown")) for value in condition.values]
    return str(OPERATORS[condition.operator]), _.pgettext("between the items of a list", ", ").join(shown)
