"""Keeping views, sharing them, and what each reader makes of them: tabs, and the view a list opens with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.columns import of_columns
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.users import labels, preferences
from platform_core.users.views import sharing
from platform_core.users.views.models import SavedView
from platform_core.web.lists import saved
from platform_core.web.lists.declaration import ListView
from platform_core.web.lists.saved import Saved
from platform_core.web.lists.state import ListState

_ = translator("users")
MOST = 50
"""Views that one person keeps of one list."""
_MOST_SHOWN = 200
_KEPT = "saved_views"


class ViewInput(msgspec.Struct, kw_only=True):
    """`place_id`: the team or department that it is for."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    reach: Literal["private", "team", "department", "all"] = "private"
    place_id: UUID | None = None
    pinned: bool = False


_COLUMNS = (
    SavedView.id, SavedView.name, SavedView.conditions, SavedView.any_of, SavedView.sort, SavedView.columns,
    SavedView.reach, SavedView.owner_id, SavedView.team_id, SavedView.department_id, SavedView.pinned,
    SavedView.version,
)  # fmt: skip
_for_me = sharing.for_reader(SavedView)
_listed = of_columns(
    select(*_COLUMNS)
    .where(SavedView.list_key == bindparam("list"), _for_me)
    .order_by(SavedView.name, SavedView.id)
    .limit(_MOST_SHOWN)
)


def known(session: Session, actor: Actor, key: str) -> saved.Known:
    """One statement for a request, however often it is asked."""
    kept: dict[Any, saved.Known] = session.info.setdefault(_KEPT, {})
    if (key, actor.user_id) not in kept:
        rows = session.execute(_listed, {"list": key, **sharing.reader(actor)}).all()
        pins = preferences.read(session, actor, _pins(key), {})
        kept[key, actor.user_id] = {str(row.id): _shown(session, actor, row, pins) for row in rows}
    return kept[key, actor.user_id]


def _shown(session: Session, actor: Actor, row: Any, pins: Any) -> Saved:
    mine = row.owner_id == actor.user_id
    return Saved(
        id=row.id, name=row.name, texts=tuple(row.conditions), any_of=row.any_of, sort=row.sort,
        columns=tuple(row.columns), reach=row.reach, version=row.version, may_change=sharing.may_change(actor, row),
        owner="" if mine else labels.labels(session, [row.owner_id]).person(row.owner_id),
        pinned=pins.get(str(row.id), row.pinned),
    )  # fmt: skip


def home(session: Session, actor: Actor, key: str) -> str:
    found: str = preferences.read(session, actor, _home(key), "")
    return found if not saved.is_key(found) or found in known(session, actor, key) else ""


saved.kept_by(known, home)


def all_of(session: Session, actor: Actor, key: str) -> Sequence[SavedView]:
    """As `known`, whole rows."""
    mine = select(SavedView).where(SavedView.list_key == key, _for_me).order_by(SavedView.name, SavedView.id)
    return session.scalars(mine.limit(_MOST_SHOWN), sharing.reader(actor)).all()


def get(session: Session, actor: Actor, view_id: UUID) -> SavedView:
    """Raises NotFound when there is none or none for this actor."""
    mine = select(SavedView).where(SavedView.id == view_id, sharing.for_keeper(SavedView, actor))
    found = session.scalars(mine, sharing.reader(actor)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such view, or not for you."))
    return found


def create(session: Session, actor: Actor, state: ListState, data: ViewInput) -> SavedView:
    """Keep what the list shows now; words of the search box are left out. Raises Invalid, Forbidden."""
    number = select(func.count()).select_from(SavedView)
    mine = number.where(SavedView.list_key == state.view.key, SavedView.owner_id == actor.user_id)
    if (session.scalar(mine) or 0) >= MOST:
        raise Invalid(_("You keep %(most)d views of this list already. Delete one first.", most=MOST))
    found = SavedView(id=new_id(), list_key=state.view.key, owner_id=actor.user_id, **_placed(session, actor, data))
    _take(found, state)
    session.add(found)
    _note(session, actor, "users.view_create", found, after=_said(found))
    return found


def change(session: Session, actor: Actor, view_id: UUID, data: ViewInput, version: int | None = None) -> SavedView:
    """Another name or other readers. Raises NotFound, Forbidden, Invalid, Conflict for an old `version`."""
    found = _own(session, actor, view_id, version)
    before = _said(found)
    for name, value in _placed(session, actor, data).items():
        setattr(found, name, value)
    was, becomes = audit.changes(before, _said(found))
    if becomes:
        _note(session, actor, "users.view_change", found, before=was, after=becomes)
    return found


def keep(session: Session, actor: Actor, view_id: UUID, state: ListState, version: int | None = None) -> SavedView:
    """Let the view be what the list shows now."""
    found = _own(session, actor, view_id, version)
    if found.list_key != state.view.key:
        raise Invalid(_("This view belongs to another list."))
    before = _said(found)
    _take(found, state)
    was, becomes = audit.changes(before, _said(found))
    if becomes:
        _note(session, actor, "users.view_change", found, before=was, after=becomes)
    return found


def delete(session: Session, actor: Actor, view_id: UUID) -> SavedView:
    """Returns what it was, so that it can be put back."""
    found = _own(session, actor, view_id, None)
    _note(session, actor, "users.view_delete", found, before=_said(found))
    session.delete(found)
    return found


def pin(session: Session, actor: Actor, view_id: UUID, *, on: bool) -> SavedView:
    """As a tab for this reader, whatever it is for others."""
    found = get(session, actor, view_id)
    pins = dict(preferences.read(session, actor, _pins(found.list_key), {}))
    pins[str(found.id)] = on
    preferences.write(session, actor, _pins(found.list_key), {key: pins[key] for key in list(pins)[-_MOST_SHOWN:]})
    _forget(session)
    return found


def open_with(session: Session, actor: Actor, view: ListView, key: str) -> None:
    """The view that this reader's list opens with: a preset's key or a saved view's id; nothing for the first preset.

    Raises NotFound for a view that the list does not have.
    """
    if key and key not in view.by_key["presets"]:
        get(session, actor, _id(key))
    is_first = not key or key == view.presets[0].key
    preferences.write(session, actor, _home(view.key), None if is_first else key)


def _id(key: str) -> UUID:
    try:
        return UUID(key)
    except ValueError as error:
        raise NotFound(_("There is no such view, or not for you.")) from error


def _placed(session: Session, actor: Actor, data: ViewInput) -> dict[str, Any]:
    name = " ".join(data.name.split())
    if not name:
        raise sharing.wrong("name", _("Please fill this in."))
    placed = sharing.placed(session, actor, data.reach, data.place_id)
    _forget(session)
    return {"name": name, "pinned": data.pinned, **placed}


def _own(session: Session, actor: Actor, view_id: UUID, version: int | None) -> SavedView:
    found = get(session, actor, view_id)
    if not sharing.may_change(actor, found):
        name = labels.labels(session, [found.owner_id]).person(found.owner_id)
        raise Forbidden(_("This view is %(name)s's. Save a view of your own from it.", name=name))
    if version is not None and version != found.version:
        raise Conflict(_("Somebody has changed this view in the meantime. Look at it again."))
    return found


def _take(found: SavedView, state: ListState) -> None:
    found.conditions, found.any_of, found.sort = list(state.texts), state.any_of, state.sort
    found.columns = list(state.columns)


def _said(found: SavedView) -> dict[str, Any]:
    names = ("list_key", "name", "reach", "pinned", "conditions", "any_of", "sort", "columns")
    return {name: getattr(found, name) for name in names}


def _note(session: Session, actor: Actor, action: str, found: SavedView, **sides: Any) -> None:
    _forget(session)
    audit.record(session, actor, action, found.ref, **sides)


def _forget(session: Session) -> None:
    session.info.pop(_KEPT, None)


def _pins(key: str) -> str:
    return f"views.pins.{key}"


def _home(key: str) -> str:
    return f"views.home.{key}"
