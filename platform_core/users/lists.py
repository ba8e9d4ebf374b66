"""Lists as pages: what `platform_core.web.lists` reads and draws, with the user's own columns and a line in the audit.

HANDLERS = list_handlers(CUSTOMERS)   # GET /, POST /find, /conditions and /columns, below the list's path
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import today
from platform_core.users import preferences
from platform_core.web import csvs, sheets
from platform_core.web.forms import FormData
from platform_core.web.lists import dialogs, reading, rendering, state
from platform_core.web.lists.declaration import ListView, decorations
from platform_core.web.lists.dialogs import ConditionForm
from platform_core.web.lists.ordering import Page
from platform_core.web.lists.private import masked
from platform_core.web.lists.reading import PAGE_SIZE, Count, Reader
from platform_core.web.lists.rendering import Shown
from platform_core.web.lists.state import ListState
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_BIGGEST_PAGE = 200
MOST_EXPORTED = 10_000


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
        return _dialog(request, view, made)

    @post(f"{view.path}/conditions", permission=permission, name=f"{prefix}_set_condition")
    def set_condition(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        made = dialogs.apply(session, actor, view, form)
        return redirect(request, made.url()) if isinstance(made, ListState) else _dialog(request, view, made, 422)

    @get(f"{view.path}/columns", permission=permission, name=f"{prefix}_columns")
    def columns(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        chosen = preferences.read(session, actor, _columns_key(view), ())
        return page(
            request,
            "web/lists/columns.html",
            partial="web/lists/_columns.html",
            active=view.key,
            view=view,
            columns=dialogs.column_choices(view, _added(request, view), chosen),
            state_query=str(request.url.query),
        )

    @post(f"{view.path}/columns", permission=permission, name=f"{prefix}_set_columns")
    def set_columns(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        chosen = dialogs.chosen_columns(view, _added(request, view), form)
        preferences.write(session, actor, _columns_key(view), chosen or None)
        return redirect(request, dialogs.from_query(session, actor, view, form.get("state")).url())

    handlers = [index, find, condition, set_condition, columns, set_columns]
    return [*handlers, *_exports(view, prefix)] if view.export else handlers


def _exports(view: ListView, prefix: str) -> list[Any]:
    @get(f"{view.path}/export", permission=view.export, name=f"{prefix}_export")
    def export(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        name, titles, rows = _taken_along(request, session, actor, view)
        return csvs.answer(f"{name}.csv", titles, rows)

    @get(f"{view.path}/export/xlsx", permission=view.export, name=f"{prefix}_export_xlsx")
    def export_xlsx(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[bytes]:
        name, titles, rows = _taken_along(request, session, actor, view)
        return sheets.answer(f"{name}.xlsx", titles, rows)

    return [export, export_xlsx]


def show(request: Request[Any, Any, Any], session: Session, actor: Actor, view: ListView) -> Response[str]:
    """One page of the list, as its URL asks for it."""
    asked = state.read(session, actor, view, request.query_params)
    reader = Reader(session, actor, asked)
    found = reader.page()
    _note(session, actor, asked, found)
    chosen = preferences.read(session, actor, _columns_key(view), ())
    hooks = platform_of(request).hooks
    shown = Shown(asked, found, _total(reader, found), reader.footer(actor) if found.rows else "")
    made = rendering.listing(session, actor, hooks, shown, chosen)
    return page(request, "web/lists/page.html", active=view.key, list=made)


def _taken_along(
    request: Request[Any, Any, Any], session: Session, actor: Actor, view: ListView
) -> tuple[str, list[str], Iterator[list[Any]]]:
    """Name, titles and rows of a file, under the same conditions, in the same order and with the columns shown.

    Who took them along is written down.
    """
    asked = replace(state.read(session, actor, view, request.query_params), after="", before="")
    chosen = preferences.read(session, actor, _columns_key(view), ())
    columns = [column for column, added in rendering.shown_columns(view, (), chosen) if added is None]
    rows: list[Any] = []
    while len(rows) < MOST_EXPORTED:
        found = Reader(session, actor, asked).page(_BIGGEST_PAGE)
        rows += found.rows
        if not found.after:
            break
        asked = asked.turned_to(after=found.after)
    look = view.prepare(session, actor, rows) if view.prepare else {}
    shown = {"conditions": [item.text for item in asked.conditions], "rows": len(rows)}
    audit.record(session, actor, f"{view.prefix}.export", ids=[row.id for row in rows], after=shown)
    lines = ([column.exported(row, look) for column in columns] for row in rows)
    return f"{view.key}-{today():%Y%m%d}", [str(column.label) for column in columns], lines


def read_for_api(session: Session, actor: Actor, asked: ListState, limit: int = PAGE_SIZE) -> Page:
    """The same rows for programs; `Page.after` is their next cursor."""
    found = Reader(session, actor, asked).page(min(max(limit, 1), _BIGGEST_PAGE))
    _note(session, actor, asked, found)
    return found


def _note(session: Session, actor: Actor, asked: ListState, found: Page) -> None:
    shown: dict[str, Any] = {"conditions": [item.text for item in asked.conditions]} if asked.conditions else {}
    if asked.words:
        shown["words"] = masked(asked.words)
    audit.record(session, actor, f"{asked.view.prefix}.list", ids=[row.id for row in found.rows], after=shown)


def _total(reader: Reader, found: Page) -> Count:
    """Nobody counts what is in sight."""
    if not found.after and (found.rows or not found.before):
        return Count(found.first + len(found.rows) - 1)
    return reader.count(reading.COUNT_CAP)


def _suffix(view: ListView) -> str:
    return "list" if view.key == view.prefix else f"{view.key}_list"


def _columns_key(view: ListView) -> str:
    return f"columns.{view.key}"


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
