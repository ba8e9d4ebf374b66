"""Lists as pages: what `platform_core.web.lists` reads and draws, with the user's own columns and a line in the audit.

HANDLERS = list_handlers(CUSTOMERS)   # GET /, POST /find, /conditions and /columns, below the list's path
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.users import listparts, preferences, probing
from platform_core.users.cells import cell_handlers
from platform_core.users.columns import chosen_columns, preference_key
from platform_core.web.forms import FormData
from platform_core.web.lists import declaration, dialogs, reading, rendering, state
from platform_core.web.lists.declaration import ListView, decorations
from platform_core.web.lists.dialogs import ConditionForm
from platform_core.web.lists.ordering import Page
from platform_core.web.lists.private import masked
from platform_core.web.lists.reading import Count, Reader
from platform_core.web.lists.rendering import Shown
from platform_core.web.lists.state import ListState
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_BIGGEST_PAGE = 200


def list_handlers(view: ListView) -> list[Any]:
    """The list's page and its dialogs, below the list's path."""
    prefix, permission = f"{view.prefix}:{_suffix(view)}", view.permission

    @get(view.path, permission=permission, name=prefix)
    def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        return show(request, session, actor, view)

    @post(f"{view.path}/find", permission=permission, name=f"{prefix}_find")
    def find(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        shown = dialogs.from_query(session, actor, view, form.get("state"))
        return redirect(request, state.searched(session, actor, shown, form.get("q")).url())

    @get(f"{view.path}/conditions", permission=permission, name=f"{prefix}_condition")
    def condition(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        made = dialogs.blank_form(session, actor, view, list(request.query_params.multi_items()))
        return _dialog(request, made.view, made)

    @post(f"{view.path}/conditions", permission=permission, name=f"{prefix}_set_condition")
    def set_condition(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        made = dialogs.apply(session, actor, view, form)
        return redirect(request, made.url()) if isinstance(made, ListState) else _dialog(request, view, made, 422)

    @get(f"{view.path}/columns", permission=permission, name=f"{prefix}_columns")
    def columns(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        asked = state.read(session, actor, view, request.query_params)
        shown = dialogs.column_choices(asked.view, _added(request, view), chosen_columns(session, actor, asked))
        return _columns_dialog(request, view, asked, shown)

    @post(f"{view.path}/columns", permission=permission, name=f"{prefix}_set_columns")
    def set_columns(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        asked, added = dialogs.from_query(session, actor, view, form.get("state")), _added(request, view)
        if "move" in form:
            return _columns_dialog(request, view, asked, dialogs.moved_columns(asked.view, added, form))
        chosen = dialogs.chosen_columns(asked.view, added, form)
        if asked.base is not None and "mine" not in form and "reset" not in form:
            return redirect(request, asked.with_columns(chosen).url())
        preferences.write(session, actor, preference_key(asked), chosen or None)
        return redirect(request, (asked.with_columns(asked.base.columns) if asked.base else asked).url())

    declaration.mounted(view)
    return [index, find, condition, set_condition, columns, set_columns, *_further(view, prefix)]


def _further(view: ListView, prefix: str) -> list[Any]:
    """What only some lists have."""
    permission = view.permission

    @get(f"{view.path}/counts", permission=permission, name=f"{prefix}_counts")
    def counts(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        return listparts.counts(request, session, actor, view)

    @get(f"{view.path}/nearby/{{row_id:uuid}}", permission=permission, name=f"{prefix}_nearby")
    def nearby(request: Request[Any, Any, Any], session: Session, actor: Actor, row_id: UUID) -> Response[str]:
        return listparts.nearby(request, session, actor, view, row_id)

    cells = cell_handlers(view, prefix) if view.changes is not None else []
    return [*([counts] if view.counted else []), *([nearby] if view.record else []), *cells]


def exportable(key: str) -> ListView | None:
    """A list that can be asked for as a file."""
    found = declaration.declared_lists().get(key)
    return found if found is not None and found.export else None


def show(request: Request[Any, Any, Any], session: Session, actor: Actor, view: ListView) -> Response[str]:
    """One page of the list, as its URL asks for it."""
    asked = state.read(session, actor, view, request.query_params, at_home=True)
    probing.check(session, actor, asked.words)
    reader = Reader(session, actor, asked)
    found = reader.page(counted=True)
    instead = _similar(session, actor, asked) if not found.rows else None
    _note(session, actor, asked, found, instead)
    found = instead or found
    chosen = chosen_columns(session, actor, asked)
    hooks = platform_of(request).hooks
    shown = Shown(
        asked,
        found,
        _total(reader, found),
        reader.footer(actor) if found.rows and not instead else "",
        similar=instead is not None,
    )
    made = rendering.listing(session, actor, hooks, shown, chosen)
    return page(request, "web/lists/page.html", active=view.key, list=made)


def read_for_api(session: Session, actor: Actor, asked: ListState, limit: int) -> Page:
    """The same rows for programs; `Page.after` is their next cursor."""
    probing.check(session, actor, asked.words)
    found = Reader(session, actor, asked).page(min(max(limit, 1), _BIGGEST_PAGE))
    _note(session, actor, asked, found)
    return found


def _similar(session: Session, actor: Actor, asked: ListState) -> Page | None:
    """Rows of the list, within its conditions, that are called nearly so; None where there are none either."""
    if not asked.words or asked.view.similar is None or asked.after or asked.before:
        return None
    meant = asked.view.similar(session, asked.words)
    found = Reader(session, actor, asked, similar=meant).page() if meant is not None else None
    return found if found is not None and found.rows else None


def _note(session: Session, actor: Actor, asked: ListState, found: Page, instead: Page | None = None) -> None:
    """`instead`: what resembles the words, shown since nothing was found."""
    shown: dict[str, Any] = {"conditions": list(asked.texts)} if asked.conditions else {}
    if asked.words:
        shown["words"] = masked(asked.words)
    if instead is not None:
        shown["similar"] = True
    result = probing.result(asked.words, found=bool(found.rows))
    ids = [row.id for row in (instead or found).rows]
    audit.record(session, actor, f"{asked.view.prefix}.list", ids=ids, after=shown, result=result)


def _total(reader: Reader, found: Page) -> Count:
    """Nobody counts what is in sight."""
    if not found.after and (found.rows or not found.before):
        return Count(found.first + len(found.rows) - 1)
    return reader.count(reading.COUNT_CAP)


def _suffix(view: ListView) -> str:
    return "list" if view.key == view.prefix else f"{view.key}_list"


def _columns_dialog(
    request: Request[Any, Any, Any], view: ListView, asked: ListState, columns: Sequence[tuple[str, str, bool, bool]]
) -> Response[str]:
    return page(
        request, "web/lists/columns.html", partial="web/lists/_columns.html", active=view.key, view=view,
        columns=columns, state_query=asked.carried, in_view=asked.base is not None,
    )  # fmt: skip


def _added(request: Request[Any, Any, Any], view: ListView) -> list[Any]:
    return list(decorations(view, platform_of(request).hooks.active()))


def _dialog(request: Request[Any, Any, Any], view: ListView, form: ConditionForm, status: int = 200) -> Response[str]:
    return page(
        request,
        "web/lists/conditions.html",
        partial="web/lists/_conditions.html",
        status=status,
        active=view.key,
        view=view,
        form=form,
    )
