"""Pages of a change of many rows: every state is one address, from the preview to the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import selecting, tags
from platform_core.customers.bulk import drafts, judging, queries, services
from platform_core.customers.bulk.judging import Wanted
from platform_core.customers.bulk.models import BulkChange
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web import cursors
from platform_core.web.forms import FormData
from platform_core.web.lists.changing import ChangeField
from platform_core.web.lists.declaration import declared_lists
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_ALL = "/customers/changes"
_ONE = f"{_ALL}/{{change_id:uuid}}"
_VIEW = "customers.view"
LEAVE, EMPTY = "leave", "empty"


@get(_ALL, permission=_VIEW, name="customers:changes")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor, before: str = "") -> Response[str]:
    found, following = queries.page_of(session, UUID(str(cursors.decode(before, 1)[0])) if before else None)
    next_url = f"{_ALL}?before={cursors.encode([following])}" if following else ""
    titles = {key: view.title for key, view in declared_lists().items()}
    return page(
        request, "customers/bulk/list.html", active="customers", changes=found, titles=titles, next_url=next_url
    )


@post(_ALL, permission=_VIEW, name="customers:change_many")
def begin(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, of: str = "customers"
) -> Response[str]:
    """Of the rows that were ticked in the list `of`, or of all that meet its conditions."""
    view = drafts.open_view(actor, of)
    chosen = selecting.chosen(session, actor, view, form, drafts.MOST)
    return redirect(request, drafts.begin(session, actor, chosen.ids, chosen.conditions, of).url)


@get(_ONE, permission=_VIEW, name="customers:change")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, change_id: UUID, after: int = 0
) -> Response[str]:
    return _page(request, session, actor, judging.get(session, change_id), after=after)


@post(f"{_ONE}/choose", permission=_VIEW, name="customers:change_choose")
def choose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, change_id: UUID
) -> Response[str]:
    fields = judging.view_of(judging.get(session, change_id).view)[1].for_many(session, actor)
    try:
        change = drafts.choose(session, actor, change_id, _wanted(form, fields))
    except Invalid as error:
        return _page(request, session, actor, judging.get(session, change_id), form=form, error=error)
    return redirect(request, change.url)


def _wanted(form: FormData, fields: Sequence[ChangeField]) -> Wanted:
    """What is left as it is says so in a choice, and nothing in the others; these are emptied by a box of their own."""
    emptied = set(form.getlist(EMPTY))
    chosen = {field.key: EMPTY if field.key in emptied else form.get(field.key).strip() for field in fields}
    return Wanted(
        values={name: "" if value == EMPTY else value for name, value in chosen.items() if value not in {LEAVE, ""}},
        add_tags=tags.split(form.get("add_tags")),
        remove_tags=tags.split(form.get("remove_tags")),
    )


@post(f"{_ONE}/confirm", permission=_VIEW, name="customers:change_confirm")
def confirm(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, change_id: UUID
) -> Response[str]:
    change = services.confirm(session, actor, change_id, form.number("version"))
    return redirect(request, change.url)


@post(f"{_ONE}/discard", permission=_VIEW, name="customers:change_discard")
def discard(request: Request[Any, Any, Any], session: Session, actor: Actor, change_id: UUID) -> Response[str]:
    path = judging.view_of(judging.get(session, change_id).view)[0].path
    drafts.discard(session, actor, change_id)
    return redirect(request, path, Notice(_("Nothing was changed.")))


@post(f"{_ONE}/undo", permission=_VIEW, name="customers:change_undo")
def undo(request: Request[Any, Any, Any], session: Session, actor: Actor, change_id: UUID) -> Response[str]:
    return redirect(request, services.undo(session, actor, change_id).url)


@post(f"{_ONE}/retry", permission=_VIEW, name="customers:change_retry")
def retry(request: Request[Any, Any, Any], session: Session, actor: Actor, change_id: UUID) -> Response[str]:
    return redirect(request, services.retry(session, actor, change_id).url)


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, change: BulkChange, *, after: int = 0,
    form: FormData | None = None, error: Invalid | None = None,
) -> Response[str]:  # fmt: skip
    view, changes = judging.view_of(change.view)
    lines, following = queries.shown_lines(session, change, after)
    audit.record(session, actor, "customers.bulk_view", change.ref, ids=[line.row_id for line in lines])
    wanted, fields = judging.wanted_of(change), changes.for_many(session, actor)
    given = _typed(form) if form else _given(wanted)
    return page(
        request, "customers/bulk/detail.html", partial="customers/bulk/_body.html", active=view.key,
        status=422 if error else 200, change=change, mine=change.by_id == actor.user_id, lines=lines, view=view,
        reasons=queries.counted(session, change), words=judging.words_of(changes), counted=changes.counted,
        job=queries.job_of(session, change), told=_told(fields, wanted), given=given, tags=changes.tags,
        errors=error.fields or {"": error.message} if error else {}, days=services.DAYS,
        offered=_offered(fields, given) if change.state == "draft" else [],
        can_undo=services.can_be_undone(change), next_url=f"{change.url}?after={following}" if following else "",
    )  # fmt: skip


def _given(wanted: Wanted) -> dict[str, str]:
    """As the form has it."""
    values = {name: value or EMPTY for name, value in wanted.values.items()}
    return values | {"add_tags": ", ".join(wanted.add_tags), "remove_tags": ", ".join(wanted.remove_tags)}


def _typed(form: FormData) -> dict[str, str]:
    return form.as_dict() | dict.fromkeys(form.getlist(EMPTY), EMPTY)


def _offered(fields: Sequence[ChangeField], given: dict[str, str]) -> list[tuple[ChangeField, Any, str]]:
    """(field, choices, what is chosen) of each field that may be changed."""
    found = []
    for field in fields:
        leave = [(LEAVE, _("leave as it is")), *([(EMPTY, _("(empty)"))] if field.empty else [])]
        usual = LEAVE if field.kind == "choice" else ""
        found.append((field, [*leave, *field.options], given.get(field.key, usual)))
    return found


def _told(fields: Sequence[ChangeField], wanted: Wanted) -> list[tuple[str, str]]:
    """(field, value) in words."""
    known = {field.key: field for field in fields}
    found = []
    for name, value in wanted.values.items():
        field = known.get(name)
        options = dict(field.options) if field else {}
        found.append((str(field.label) if field else name, options.get(value, value) or _("(empty)")))
    if wanted.add_tags:
        found.append((_("Tags that are added"), ", ".join(wanted.add_tags)))
    if wanted.remove_tags:
        found.append((_("Tags that are taken off"), ", ".join(wanted.remove_tags)))
    return found


HANDLERS = [index, begin, show, choose, confirm, discard, undo, retry]
