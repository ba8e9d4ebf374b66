"""Changing one cell of a list where it stands, by what the list says in its `Changes`.

The row is drawn anew, at first with a control in the cell, then with what was saved and a toast that takes it back.
What somebody else has put there meanwhile is shown instead of overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.users.columns import chosen_columns
from platform_core.web.forms import FormData
from platform_core.web.lists import changing, rendering, state
from platform_core.web.lists.changing import Asked, Changeable, ChangeField, Changes
from platform_core.web.lists.declaration import ListView
from platform_core.web.lists.ordering import Page
from platform_core.web.lists.reading import Count
from platform_core.web.lists.rendering import Listing, Shown
from platform_core.web.lists.state import ListState
from platform_core.web.pages import fragment
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("users")
_PURPOSE = "cell"


@dataclass(frozen=True, slots=True)
class Control:
    """What stands in a cell that is being changed. `was`: what the row had when it was opened."""

    field: ChangeField
    value: str
    was: str
    error: str = ""

    @property
    def options(self) -> list[tuple[str, str]]:
        """What is chosen stays among it, also where it cannot be chosen any more."""
        offered = [*([("", _("(empty)"))] if self.field.empty or not self.value else []), *self.field.options]
        known = {value for value, _label in offered}
        return offered if self.value in known else [(self.value, self.value), *offered]


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell of the list as the page shows it, and what is changed there."""

    asked: ListState
    changes: Changes
    field: ChangeField
    column: str
    row_id: UUID

    @property
    def url(self) -> str:
        return f"{self.asked.view.path}/cells/{self.row_id}/{self.column}?{self.asked.carried}"

    def sealed(self, actor: Actor, value: str) -> str:
        """What is signed of a value that the row has had: it may come back even where nobody could choose it."""
        return f"{actor.session_id}:{self.asked.view.key}:{self.row_id}:{self.field.key}:{value}"


class _MeanwhileError(Exception):
    """`theirs`: what the row has by now."""

    def __init__(self, theirs: str, message: str) -> None:
        super().__init__(message)
        self.theirs, self.message = theirs, message


def cell_handlers(view: ListView, prefix: str) -> list[Any]:
    """GET and POST below the list's path; their queries are the list's own."""
    path = f"{view.path}/cells/{{row_id:uuid}}/{{column:str}}"

    @get(path, permission=view.permission, name=f"{prefix}_cell")
    def cell(
        request: Request[Any, Any, Any], session: Session, actor: Actor, row_id: UUID, column: str
    ) -> Response[str]:
        place = _place(request, session, actor, view, (row_id, column))
        was = _text(_row(session, actor, place).values[place.field.key])
        return _drawn(request, session, actor, place, Control(place.field, was, was))

    @post(path, permission=view.permission, name=f"{prefix}_set_cell")
    def set_cell(
        request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, row_id: UUID, column: str
    ) -> Response[str]:
        place = _place(request, session, actor, view, (row_id, column))
        value, was = form.get("value").strip(), form.get("was")
        vault = platform_of(request).vault
        given_back = vault.verify(_PURPOSE, place.sealed(actor, value), form.get("seal"))
        try:
            becomes = _save(session, actor, place, value, was, given_back=given_back)
        except Invalid as error:
            why = error.fields.get(place.field.key) or error.message
            return _drawn(request, session, actor, place, Control(place.field, value, was, why))
        except _MeanwhileError as error:
            return _drawn(request, session, actor, place, Control(place.field, value, error.theirs, error.message))
        seal = vault.sign(_PURPOSE, place.sealed(actor, was))
        undo = {"value": was, "was": becomes, "seal": seal} if becomes is not None else None
        return _drawn(request, session, actor, place, undo=undo)

    return [cell, set_cell]


def _place(
    request: Request[Any, Any, Any], session: Session, actor: Actor, view: ListView, at: tuple[UUID, str]
) -> _Place:
    """`at`: the row and the column. Raises NotFound, Forbidden."""
    changes, (row_id, column) = view.changes, at
    assert changes is not None
    if not actor.may_enter(changes.edit):
        raise Forbidden(_("You may not change these."), lacks=changes.edit)
    asked = state.read(session, actor, view, request.query_params).turned_to()
    edited = next((item.edited for item in asked.view.columns if item.key == column), "")
    field = next((item for item in changes.fields(session, actor) if item.key == edited), None)
    if field is None:
        raise NotFound(_("This column is not changed in the list."))
    return _Place(asked, changes, field, column, row_id)


def _row(
    session: Session, actor: Actor, place: _Place, wanted: Mapping[str, Any] | None = None, *, lock: bool = False
) -> Changeable:
    """Raises NotFound for a row out of sight, Conflict with the reason for one that cannot be changed."""
    asked = Asked([place.row_id], wanted or {}, lock)
    found = place.changes.rows(session, actor, asked).get(place.row_id)
    if found is None:
        raise NotFound(_("There is no such row, or not for you."))
    if found.why:
        raise Conflict(str({**changing.WORDS, **place.changes.words}[found.why]))
    return found


def _checked(session: Session, actor: Actor, place: _Place, value: str) -> Mapping[str, Any]:
    """Raises Invalid at the field."""
    field = place.field
    if wrong := field.wrong(value):
        raise Invalid(wrong, fields={field.key: wrong})
    return place.changes.check(session, actor, {field.key: value})


def _save(session: Session, actor: Actor, place: _Place, value: str, was: str, *, given_back: bool) -> str | None:
    """The value as the row has it now, None where it had it already.

    `given_back`: the row has had the value before, such as a day that has passed. Raises Invalid at the field,
    _MeanwhileError, Conflict, Forbidden.
    """
    field = place.field
    try:
        wanted = _checked(session, actor, place, value)
    except Invalid:
        if not given_back:
            raise
        wanted = {field.key: value}
    held = _text(_row(session, actor, place, wanted, lock=True).values[field.key])
    becomes = _text(wanted[field.key])
    if held == becomes:
        return None
    if held != was:
        theirs = dict(field.options).get(held, held) or _("(empty)")
        raise _MeanwhileError(
            held, _("Meanwhile it has become: %(value)s. Save again to put yours there.", value=theirs)
        )
    with session.begin_nested():  # what is refused half-way leaves a row that can be drawn
        place.changes.write(session, actor, place.row_id, wanted)
    return becomes


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _drawn(
    request: Request[Any, Any, Any], session: Session, actor: Actor, place: _Place, control: Control | None = None, *,
    undo: Mapping[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    """The row in the columns of the page; `undo`: what takes back the change that has just been saved."""
    asked, view = place.asked, place.asked.view
    rows = session.execute(select(*view.selected()).where(view.model.id == place.row_id)).all()
    if not rows:
        raise NotFound(_("There is no such row, or not for you."))
    audit.record(session, actor, f"{view.prefix}.list", ids=[place.row_id])
    shown, chosen = Shown(asked, Page(rows), Count(1)), chosen_columns(session, actor, asked)
    listing = rendering.listing(session, actor, platform_of(request).hooks, shown, chosen)
    if control is not None:
        listing = _with_control(request, listing, place, control)
    # The button that undoes stands in a toast and does not know where the row is.
    row = f'.grid tr:has([name=ids][value="{place.row_id}"])'
    return fragment(
        request, "web/lists/_row.html", status=422 if control and control.error else 200, list=listing, undo=undo,
        undo_url=place.url, message=_("Saved: %(field)s.", field=place.field.label),
        headers=None if control else {"HX-Retarget": row, "HX-Reswap": "outerHTML"},
    )  # fmt: skip


def _with_control(request: Request[Any, Any, Any], listing: Listing, place: _Place, control: Control) -> Listing:
    context = {"control": control, "url": place.url}
    markup = platform_of(request).templates.markup("web/lists/_cell.html", context)
    placed = [
        replace(item, cells="", values={place.row_id: markup}) if item.key == place.column else item
        for item in listing.columns
    ]
    return replace(listing, columns=tuple(placed))
