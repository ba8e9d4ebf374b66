"""Pages on which one entry of a dictionary is made part of another."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.admin import services as entries
from platform_core.admin.merging import services
from platform_core.contracts.identity import Actor
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ENTRY = "/settings/dictionaries/entries/{entry_id:uuid}/merge"
_MERGE = "/settings/dictionaries/merges/{merge_id:uuid}"
_RIGHT = services.RIGHT


@get(_ENTRY, permission=_RIGHT, name="admin:merge_preview")
def preview(request: Request[Any, Any, Any], session: Session, actor: Actor, entry_id: UUID) -> Response[str]:
    """What would be touched, before anything is."""
    return _preview(request, session, actor, entry_id, "", {})


def _preview(
    request: Request[Any, Any, Any], session: Session, actor: Actor, entry_id: UUID, into: str,
    errors: dict[str, str],
) -> Response[str]:  # fmt: skip
    row = entries.get_entry(session, entry_id)
    services.refuse_kept_apart(session, row.dictionary)
    if row.merged_into:
        raise Conflict(entries._("It is part of another entry already."))
    others = [pair for pair in dictionaries.choices(session, row.dictionary) if pair[0] != row.code]
    return page(
        request, "admin/merging/preview.html", active="dictionaries", status=422 if errors else 200,
        row=row, others=others, into=into, errors=errors, found=services.preview(session, actor, row),
        days=services.DAYS, at_once=services.AT_ONCE,
    )  # fmt: skip


@post(_ENTRY, permission=_RIGHT, name="admin:merge_entry")
def begin(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, entry_id: UUID
) -> Response[str]:
    into = form.get("into")
    try:
        merge = services.begin(session, actor, entry_id, into)
    except Invalid as error:
        return _preview(request, session, actor, entry_id, into, dict(error.fields))
    return redirect(request, f"/settings/dictionaries/merges/{merge.id}")


@get(_MERGE, permission=_RIGHT, name="admin:dictionary_merge")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, merge_id: UUID) -> Response[str]:
    merge = services.get(session, merge_id)
    return page(
        request, "admin/merging/merge.html", partial="admin/merging/_merge.html", active="dictionaries", merge=merge,
        job=services.job_of(session, merge), can_undo=services.can_be_undone(merge), days=services.DAYS,
        url=f"/settings/dictionaries/merges/{merge.id}",
    )  # fmt: skip


@post(_MERGE + "/undo", permission=_RIGHT, name="admin:merge_undo")
def undo(request: Request[Any, Any, Any], session: Session, actor: Actor, merge_id: UUID) -> Response[str]:
    services.undo(session, actor, merge_id)
    return redirect(request, f"/settings/dictionaries/merges/{merge_id}")


@post(_MERGE + "/retry", permission=_RIGHT, name="admin:merge_retry")
def retry(request: Request[Any, Any, Any], session: Session, actor: Actor, merge_id: UUID) -> Response[str]:
    services.retry(session, actor, merge_id)
    return redirect(request, f"/settings/dictionaries/merges/{merge_id}")


HANDLERS = [preview, begin, show, undo, retry]
