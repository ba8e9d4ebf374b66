"""The dialogs of a list: a condition, and which columns are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar.datastructures import MultiDict
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.web.forms import FormData
from platform_core.web.lists import conditions, days
from platform_core.web.lists.conditions import OF_KIND, OPERATORS, Condition
from platform_core.web.lists.declaration import Choices, Decoration, Filter, ListView
from platform_core.web.lists.rendering import all_columns, shown_columns
from platform_core.web.lists.state import ListState, read

_DIALOG = {"field", "edit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionForm:
    """Without `filter` the dialog asks for the field first. `edit` is the number of the condition to replace."""

    view: ListView
    query: str
    edit: str = ""
    filter: Filter | None = None
    operator: str = ""
    values: Sequence[str] = ()
    choices: Choices = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    def url(self, key: str) -> str:
        """Of the dialog for one field."""
        query = f"{self.query}&" if self.query else ""
        return f"{self.view.path}/conditions?{query}field={key}"

    @property
    def operators(self) -> list[tuple[str, str]]:
        assert self.filter is not None
        return [(key, str(OPERATORS[key])) for key in OF_KIND[self.filter.kind]]

    @property
    def word(self) -> str:
        """The chosen day by name, if it is one."""
        return self.values[0] if self.values and self.values[0] in days.WORDS else ""

    @property
    def day(self) -> str:
        return self.values[0] if self.values and not self.word else ""


def from_query(session: Session, actor: Actor, view: ListView, query: str) -> ListState:
    """A state that a form carried along as a query string."""
    return read(session, actor, view, MultiDict(parse_qsl(query, keep_blank_values=True)))


def blank_form(session: Session, actor: Actor, view: ListView, pairs: Sequence[tuple[str, str]]) -> ConditionForm:
    """The form as it opens. Raises Invalid for a field that the list does not have."""
    wanted = dict(pairs)
    query = urlencode([(name, value) for name, value in pairs if name not in _DIALOG])
    state = from_query(session, actor, view, query)
    edit = wanted.get("edit", "")
    current = _edited(state, edit)
    key = current.filter if current else wanted.get("field", "")
    if not key:
        return ConditionForm(view=view, query=query)
    declared = _declared(view, key)
    operator, values = (current.operator, current.values) if current else ("", ())
    return _filled(session, actor, view, query, edit if current else "", declared, operator, values)


def apply(session: Session, actor: Actor, view: ListView, form: FormData) -> ListState | ConditionForm:
    """The list with the condition, or the form again with what is wrong."""
    query, edit = form.get("state"), form.get("edit")
    state = from_query(session, actor, view, query)
    declared = _declared(view, form.get("field"))
    values = tuple(value for name in ("word", "value") for value in form.getlist(name) if value.strip())
    if declared.kind == "date":
        values = values[:1]
    operator = form.get("operator")
    try:
        made = conditions.checked(view, Condition(declared.key, operator, values))
    except Invalid as error:
        errors = error.fields or {"value": error.message}
        return _filled(session, actor, view, query, edit, declared, operator, values, errors)
    others = list(state.conditions)
    if _edited(state, edit) is not None:
        others[int(edit)] = made
    elif made not in others:
        others.append(made)
    return state.with_conditions(others)


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
    edit: str,
    declared: Filter,
    operator: str,
    values: Sequence[str],
    errors: Mapping[str, str] | None = None,
) -> ConditionForm:
    return ConditionForm(
        view=view,
        query=query,
        edit=edit,
        filter=declared,
        operator=operator if operator in OF_KIND[declared.kind] else OF_KIND[declared.kind][0],
        values=[value.strip() for value in values],
        choices=conditions.choices(session, actor, declared),
        errors=errors or {},
    )


def column_choices(
    view: ListView, added: Sequence[Decoration], chosen: Sequence[str]
) -> list[tuple[str, str, bool, bool]]:
    """(key, label, shown, fixed) of every column there is."""
    shown = {column.key for column, _made in shown_columns(view, added, chosen)}
    return [
        (column.key, str(column.label), column.key in shown, column.fixed) for column, _made in all_columns(view, added)
    ]


def chosen_columns(view: ListView, added: Sequence[Decoration], form: FormData) -> list[Any]:
    """Keys to remember; none of them means "as it was at first"."""
    if "reset" in form:
        return []
    wanted = set(form.getlist("column"))
    return [column.key for column, _made in all_columns(view, added) if column.key in wanted or column.fixed]
