"""Saved views for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.users.views import services
from platform_core.users.views.models import SavedView
from platform_core.users.views.routes import list_of
from platform_core.users.views.services import ViewInput
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.lists import dialogs
from platform_core.web.lists.declaration import ListView
from platform_core.web.lists.state import ListState
from platform_core.web.routing import delete, get, patch, post

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
_Texts = Annotated[list[Annotated[str, msgspec.Meta(max_length=4000)]], msgspec.Meta(max_length=30)]
_Keys = Annotated[list[Annotated[str, msgspec.Meta(max_length=60)]], msgspec.Meta(max_length=60)]
_Reach = Literal["private", "team", "department", "all"]


class ViewOut(msgspec.Struct, kw_only=True):
    """`conditions`, `any_of` and `sort` are the words f, any and sort of the list's own address."""

    id: UUID
    list_key: str = msgspec.field(name="list")
    name: str
    reach: str
    place_id: UUID | None
    owner_id: UUID
    pinned: bool
    conditions: list[str]
    any_of: bool
    sort: str
    columns: list[str]
    version: int


class NewView(msgspec.Struct, kw_only=True):
    """`conditions`: `field:operator:value,value`, with `/` between groups. `place_id`: the team or department."""

    list_key: Annotated[str, msgspec.Meta(max_length=60)] = msgspec.field(name="list")
    name: _Name
    reach: _Reach = "private"
    place_id: UUID | None = None
    pinned: bool = False
    conditions: _Texts = []
    any_of: bool = False
    sort: str = ""
    columns: _Keys = []


class ViewPatch(msgspec.Struct, kw_only=True):
    """Only the given fields. `version`: of the view that was read; 409 when somebody has changed it since."""

    name: _Name | UnsetType = UNSET
    reach: _Reach | UnsetType = UNSET
    place_id: UUID | UnsetType | None = UNSET
    pinned: bool | UnsetType = UNSET
    conditions: _Texts | UnsetType = UNSET
    any_of: bool | UnsetType = UNSET
    sort: str | UnsetType = UNSET
    columns: _Keys | UnsetType = UNSET
    version: int | UnsetType = UNSET


@get("/", permission=SIGNED_IN, name="users:api_views")
def listed(session: Session, actor: Actor, list: str, cursor: Cursor = "", limit: Limit = 50) -> Items[ViewOut]:  # noqa: A002  the word of the query string
    """Views of one list: your own and those that others share with you."""
    shown, following = cut(services.all_of(session, actor, list_of(actor, list).key), _key, cursor, limit)
    return Items([_out(item) for item in shown], following)


@post("/", permission=SIGNED_IN, name="users:api_view_create")
def create(session: Session, actor: Actor, data: NewView) -> ViewOut:
    """Keep a view of a list: its conditions, order and columns under a name."""
    view = list_of(actor, data.list_key)
    state = _state(session, actor, view, data.conditions, any_of=data.any_of, sort=data.sort)
    wanted = ViewInput(name=data.name, reach=data.reach, place_id=data.place_id, pinned=data.pinned)
    return _written(session, services.create(session, actor, state.with_columns(data.columns), wanted))


@patch("/{view_id:uuid}", permission=SIGNED_IN, name="users:api_view_change")
def change(session: Session, actor: Actor, view_id: UUID, data: ViewPatch) -> ViewOut:
    """Change what a view is called, who sees it, or what it shows. 403 for a view that somebody else keeps."""
    found = services.get(session, actor, view_id)
    version = None if data.version is UNSET else data.version
    given = {name: value for name in _ABOUT if (value := getattr(data, name)) is not UNSET}
    if given:
        services.change(session, actor, view_id, ViewInput(**(_about(found) | given)), version)
        version = None  # it was that one; both are one act
    if any(getattr(data, name) is not UNSET for name in _SHOWN):
        texts, any_of, sort, columns = (
            getattr(found if getattr(data, name) is UNSET else data, name) for name in _SHOWN
        )
        view = list_of(actor, found.list_key)
        state = _state(session, actor, view, texts, any_of=any_of, sort=sort).with_columns(columns)
        services.keep(session, actor, view_id, state, version)
    return _written(session, found)


@delete("/{view_id:uuid}", permission=SIGNED_IN, name="users:api_view_delete")
def remove(session: Session, actor: Actor, view_id: UUID) -> None:
    """Delete a view, for everybody who sees it."""
    services.delete(session, actor, view_id)


def _key(found: SavedView) -> UUID:
    return found.id


_ABOUT = ("name", "reach", "place_id", "pinned")
_SHOWN = ("conditions", "any_of", "sort", "columns")


def _about(found: SavedView) -> dict[str, Any]:
    place = found.team_id or found.department_id
    return {"name": found.name, "reach": found.reach, "place_id": place, "pinned": found.pinned}


def _state(session: Session, actor: Actor, view: ListView, texts: list[str], *, any_of: bool, sort: str) -> ListState:
    """Raises Invalid for what the list does not have."""
    pairs = [*(("f", text) for text in texts or [""]), ("any", "1" if any_of else ""), ("sort", sort)]
    return dialogs.from_query(session, actor, view, dialogs.query_of(pairs))


def _written(session: Session, found: SavedView) -> ViewOut:
    session.flush()  # the answer shows the new version
    return _out(found)


def _out(found: SavedView) -> ViewOut:
    return ViewOut(
        id=found.id, list_key=found.list_key, name=found.name, reach=found.reach,
        place_id=found.team_id or found.department_id,
               owner_id=found.owner_id, pinned=found.pinned, conditions=[*found.conditions], any_of=found.any_of,
        sort=found.sort, columns=[*found.columns], version=found.version,
    )  # fmt: skip


HANDLERS = [listed, create, change, remove]
"""Below /api/v1/views"""
