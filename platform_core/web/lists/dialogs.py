"""The dialogs of a list: a condition, and which columns are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

from litestar.datastructures import MultiDict
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.web.forms import FormData
from platform_core.web.lists import conditions, days
from platform_core.web.lists.conditions import OPERATORS, Condition, operators_of
from platform_core.web.lists.declaration import Choices, Decoration, Filter, ListView
from platform_core.web.lists.rendering import all_columns, shown_columns
from platform_core.web.lists.state import ListState, grouped, read

_DIALOG = {"field", "edit", "group"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionForm:
    """Without `filter` the dialog asks for the field first. `edit` is the number of the condition to replace."""

    view: ListView
    query: str
    edit: str = ""
    group: str = ""
    """Number of the group that it joins; the last one if empty."""
    filter: Filter | None = None
    operator: str = ""
    values: Sequence[str] = ()
    choices: Choices = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    def url(self, key: str) -> str:
        """Of the dialog for one field."""
        query = f"{self.query}&" if self.query else ""
        group = f"group={self.group}&" if self.group else ""
        return f"{self.view.path}/conditions?{query}{group}field={key}"

    @property
    def operators(self) -> list[tuple[str, str]]:
        assert self.filter is not None
        return [(key, str(OPERATORS[key])) for key in operators_of(self.filter)]

    @property
    def word(self) -> str:
        """The chosen day by name, if it is one, or which number of days."""
        value = self.values[0] if self.values else ""
        if value in days.WORDS or value in days.COUNTS:
            return value
        found = days.counted(value)
        return found[0] if found else ""

    @property
    def number(self) -> str:
        """Of days, where the word counts some."""
        found = days.counted(self.values[0]) if self.values else None
        return str(found[1]) if found else ""

    @property
    def day(self) -> str:
        return self.values[0] if self.values and not self.word else ""


def query_of(pairs: Sequence[tuple[str, str]], without: Collection[str] = ()) -> str:
    return urlencode([(name, value) for name, value in pairs if name not in without])


def from_query(session: Session, actor: Actor, view: ListView, query: str) -> ListState:
    """A state that a form carried along as a query string."""
    return read(session, actor, view, MultiDict(parse_qsl(query, keep_blank_values=True)))


def blank_form(session: Session, actor: Actor, view: ListView, pairs: Sequence[tuple[str, str]]) -> ConditionForm:
    """The form as it opens. Raises Invalid for a field that the list does not have."""
    view = view.present(session)
    wanted = dict(pairs)
    query = query_of(pairs, _DIALOG)
    state = from_query(session, actor, view, query)
    edit = wanted.get("edit", "")
    current = _edited(state, edit)
    key = current.filter if current else wanted.get("field", "")
    place = (edit if current else "", wanted.get("group", "") if wanted.get("group", "").isdecimal() else "")
    if not key:
        return ConditionForm(view=view, query=query, group=place[1])
    declared = _declared(view, key)
    operator, values = (current.operator, current.values) if current else ("", ())
    return _filled(session, actor, view, query, place, declared, operator, values)


def apply(session: Session, actor: Actor, view: ListView, form: FormData) -> ListState | ConditionForm:
    """The list with the condition, or the form again with what is wrong."""
    view = view.present(session)
    query, edit = form.get("state"), form.get("edit")
    state = from_query(session, actor, view, query)
    declared = _declared(view, form.get("field"))
    values = tuple(value.strip() for value in form.getlist("value") if value.strip())
    if declared.kind == "date":
        values = _day(form, values)
    operator = form.get("operator")
    try:
        made = conditions.checked(view, Condition(declared.key, operator, values))
    except Invalid as error:
        errors = error.fields or {"value": error.message}
        return _filled(session, actor, view, query, (edit, form.get("group")), declared, operator, values, errors)
    others, current = list(state.conditions), _edited(state, edit)
    if current is not None:
        others[int(edit)] = replace(made, group=current.group)
    else:
        made = replace(made, group=_group(state, form.get("group")))
        others += [made] if made not in others else []
    try:
        return _whole(view, state.with_conditions(others))
    except Invalid as error:  # one condition or group too many
        errors = {"value": error.message}
        return _filled(session, actor, view, query, (edit, form.get("group")), declared, operator, values, errors)


def _whole(view: ListView, made: ListState) -> ListState:
    grouped(view, made.texts)
    return made


def _group(state: ListState, asked: str) -> int:
    """The group that was asked for, a further one at most."""
    last = state.conditions[-1].group if state.conditions else 0
    return min(int(asked), last + 1) if asked.isdecimal() and state.conditions else last


def _day(form: FormData, values: Sequence[str]) -> tuple[str, ...]:
    """A word, a number of days, or a date."""
    word = form.get("word").strip()
    if word in days.COUNTS:
        number = form.get("number").strip()
        return (f"{word}-{int(number)}" if number.isdecimal() else word,)
    return (word,) if word else tuple(values[:1])


def _declared(view: ListView, key: str) -> Filter:
    found = view.filter(key)
    if found is None:
        raise Invalid(conditions._("This list has no such condition."))
    return found


def _edited(state: ListState, edit: str) -> Condition | None:
    at = int(edit) if edit.isascii() and edit.isdigit() else -1
    return state.conditions[at] if 0 <= at < len(state.conditions) else None


def _filled(  # noqa: PLR0913, PLR0917
    session: Session,
    actor: Actor,
    view: ListView,
    query: str,
    place: tuple[str, str],
    declared: Filter,
    operator: str,
    values: Sequence[str],
    errors: Mapping[str, str] | None = None,
) -> ConditionForm:
    return ConditionForm(
        view=view,
        query=query,
        edit=place[0],
        group=place[1],
        filter=declared,
        operator=operator if operator in operators_of(declared) else operators_of(declared)[0],
        values=_meant(session, declared, [value.strip() for value in values]),
        choices=conditions.choices(session, actor, declared),
        errors=errors or {},
    )


def _meant(session: Session, declared: Filter, values: Sequence[str]) -> list[str]:
    """Of an entry that has become part of another the other one: only that can be chosen."""
    if not declared.dictionary:
        return list(values)
    return [dictionaries.current(session, declared.dictionary, value) for value in values]


def column_choices(
    view: ListView, added: Sequence[Decoration], chosen: Sequence[str]
) -> list[tuple[str, str, bool, bool]]:
    """(key, label, shown, fixed) of every column there is: those that are shown in their order, then the others."""
    shown = [column for column, _made in shown_columns(view, added, chosen)]
    rest = [column for column, _made in all_columns(view, added) if column not in shown]
    return [(column.key, str(column.label), column in shown, column.fixed) for column in (*shown, *rest)]


def chosen_columns(view: ListView, added: Sequence[Decoration], form: FormData) -> list[str]:
    """Keys in the order of the form; none of them means "as it was at first"."""
    if "reset" in form:
        return []
    known = {column.key: column for column, _made in all_columns(view, added)}
    wanted = set(form.getlist("column")) | {key for key, column in known.items() if column.fixed}
    asked = form.getlist("order")
    order = [*dict.fromkeys(key for key in asked if key in known), *(key for key in known if key not in asked)]
    return [key for key in order if key in wanted]


def moved_columns(view: ListView, added: Sequence[Decoration], form: FormData) -> list[tuple[str, str, bool, bool]]:
    """As `column_choices`, of a form in which one column is to take a step (`move`: `key:up` or `key:down`)."""
    known = {column.key: column for column, _made in all_columns(view, added)}
    order = [key for key in dict.fromkeys([*form.getlist("order"), *known]) if key in known]
    key, _colon, way = form.get("move").partition(":")
    if key in order:
        at = order.index(key)
        to = max(at - 1, 0) if way == "up" else min(at + 1, len(order) - 1)
        order.insert(to, order.pop(at))
    ticked = set(form.getlist("column"))
    return [(key, str(known[key].label), key in ticked or known[key].fixed, known[key].fixed) for key in order]
