"""Pages of a change of many customers: every state is one address, from the preview to the receipt."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import fields, selecting
from platform_core.customers.bulk import drafts, judging, queries, services
from platform_core.customers.bulk.judging import Wanted
from platform_core.customers.bulk.models import BulkChange
from platform_core.customers.forms import DICTIONARY_FIELDS
from platform_core.customers.listing import CUSTOMERS
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web import cursors
from platform_core.web.forms import FormData
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
    return page(request, "customers/bulk/list.html", active="customers", changes=found, next_url=next_url)


@post(_ALL, permission=_VIEW, name="customers:change_many")
def begin(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Of the customers that were ticked in the list, or of all that meet its conditions."""
    chosen = selecting.chosen(session, actor, CUSTOMERS, form, drafts.MOST)
    return redirect(request, drafts.begin(session, actor, chosen.ids, chosen.conditions).url)


@get(_ONE, permission=_VIEW, name="customers:change")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, change_id: UUID, after: int = 0
) -> Response[str]:
    return _page(request, session, actor, judging.get(session, change_id), after=after)


@post(f"{_ONE}/choose", permission=_VIEW, name="customers:change_choose")
def choose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, change_id: UUID
) -> Response[str]:
    try:
        change = drafts.choose(session, actor, change_id, _wanted(form))
    except Invalid as error:
        return _page(request, session, actor, judging.get(session, change_id), form=form, error=error)
    return redirect(request, change.url)


def _wanted(form: FormData) -> Wanted:
    chosen = {name: form.get(name, LEAVE) for name in DICTIONARY_FIELDS}
    return Wanted(
        values={name: "" if code == EMPTY else code for name, code in chosen.items() if code not in {LEAVE, ""}},
        add_tags=_words(form.get("add_tags")),
        remove_tags=_words(form.get("remove_tags")),
    )


def _words(text: str) -> list[str]:
    parts = text.replace("\uff0c", ",").replace("\u3001", ",").split(",")
    return list(dict.fromkeys(word for part in parts if (word := " ".join(part.split()))))


@post(f"{_ONE}/confirm", permission=_VIEW, name="customers:change_confirm")
def confirm(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, change_id: UUID
) -> Response[str]:
    version = form.get("version")
    change = services.confirm(session, actor, change_id, int(version) if version.isdecimal() else None)
    return redirect(request, change.url)


@post(f"{_ONE}/discard", permission=_VIEW, name="customers:change_discard")
def discard(request: Request[Any, Any, Any], session: Session, actor: Actor, change_id: UUID) -> Response[str]:
    drafts.discard(session, actor, change_id)
    return redirect(request, "/customers", Notice(_("Nothing was changed.")))


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
    lines, following = queries.shown_lines(session, change, after)
    audit.record(session, actor, "customers.bulk_view", change.ref, ids=[line.customer_id for line in lines])
    wanted = judging.wanted_of(change)
    given = form.as_dict() if form else _given(wanted)
    return page(
        request, "customers/bulk/detail.html", partial="customers/bulk/_body.html", active="customers",
        status=422 if error else 200, change=change, mine=change.by_id == actor.user_id, lines=lines,
        reasons=queries.counted(session, change), words=judging.WORDS, job=queries.job_of(session, change),
        told=_told(session, wanted), given=given, errors=error.fields or {"": error.message} if error else {},
        offered=_offered(session, given) if change.state == "draft" else [], days=services.DAYS,
        can_undo=services.can_be_undone(change), next_url=f"{change.url}?after={following}" if following else "",
    )  # fmt: skip


def _given(wanted: Wanted) -> dict[str, str]:
    """As the form has it."""
    values = {name: code or EMPTY for name, code in wanted.values.items()}
    return values | {"add_tags": ", ".join(wanted.add_tags), "remove_tags": ", ".join(wanted.remove_tags)}


def _offered(session: Session, given: dict[str, str]) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """(field, label, choices, what is chosen) of each field that may be changed."""
    found = []
    for name in DICTIONARY_FIELDS:
        empty = [] if name == "status" else [(EMPTY, _("(empty)"))]
        options = [(LEAVE, _("leave as it is")), *empty, *dictionaries.choices(session, f"customers.{name}")]
        found.append((name, fields.label(name), options, given.get(name, LEAVE)))
    return found


def _told(session: Session, wanted: Wanted) -> list[tuple[str, str]]:
    """(field, value) in words."""
    found = [
        (fields.label(name), fields.shown(session, name, code) or _("(empty)")) for name, code in wanted.values.items()
    ]
    if wanted.add_tags:
        found.append((_("Tags that are added"), ", ".join(wanted.add_tags)))
    if wanted.remove_tags:
        found.append((_("Tags that are taken off"), ", ".join(wanted.remove_tags)))
    return found


HANDLERS = [index, begin, show, choose, confirm, discard, undo, retry]
