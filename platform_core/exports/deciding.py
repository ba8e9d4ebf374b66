"""Deciding about a request: by somebody else, who sees every row of it, with a password."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.exports import asking, sources
from platform_core.exports.models import FileRequest
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import Ask, BatonError, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.jobs import enqueue
from platform_core.permissions import actors
from platform_core.users import notifications

_ = translator("exports")
JOB = "exports.make"
_DECLINED = noop("%(name)s declined your request for %(title)s.")


class Decision(msgspec.Struct, kw_only=True):
    verdict: Literal["approve", "decline"]
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


def decide(session: Session, actor: Actor, request_id: UUID, data: Decision) -> FileRequest:
    """Raises NotFound, Conflict, Forbidden where it is not the actor's to decide, Invalid for no without a word."""
    request = session.get(FileRequest, request_id, with_for_update=True)
    if request is None:
        raise NotFound(_("There is no such request."))
    asking.require_approver(actor, request)
    if request.state != "asked":
        raise Conflict(_("Somebody has decided about this request already."))
    if data.verdict == "decline":
        _decline(session, actor, request, data.note.strip())
    else:
        _approve(session, actor, request, data.note.strip())
    asking.told_no_more(session, request)
    return request


def _decline(session: Session, actor: Actor, request: FileRequest, note: str) -> None:
    if not note:
        raise Invalid(_("Please check the marked fields."), fields={"note": _("Say why.")})
    _settle(request, actor, "declined", note)
    audit.record(session, actor, "exports.decline", asking.ref(request), reason=note)
    told = {"name": actor.name, "title": request.title}
    notifications.notify(
        session, [request.requester_id], "exports", _DECLINED, told, url=f"/exports/{request.id}", icon="download"
    )


def _approve(session: Session, actor: Actor, request: FileRequest, note: str) -> None:
    requester = actors.load_actor(session, request.requester_id)
    if requester is None:
        raise Conflict(_("The account of who asked may not act now. Decline the request."))
    with database_of(session).actor_session(requester, write=False) as theirs:
        source = sources.find(theirs, requester, request.source)
        if source.beyond(theirs, requester, request.query, actor):
            raise Forbidden(
                _("The file would hold rows that you may not see. Somebody who sees all of them has to decide."),
                ask=Ask(asking.APPROVE),
            )
    _settle(request, actor, "approved", note)
    audit.record(session, actor, "exports.approve", asking.ref(request), reason=note)
    enqueue(session, JOB, {"request": str(request.id)}, user_id=request.requester_id)


def _settle(request: FileRequest, actor: Actor, state: str, note: str) -> None:
    request.state, request.note = state, note
    request.decided_by, request.decided_at = actor.user_id, now()


def number_now(session: Session, request: FileRequest) -> int | None:
    """Rows that the file would have now, in the scope of who asked; None where they may not have it any more."""
    requester = actors.load_actor(session, request.requester_id)
    if requester is None:
        return None
    with database_of(session).actor_session(requester, write=False) as theirs:
        try:
            return sources.find(theirs, requester, request.source).count(theirs, requester, request.query)
        except BatonError:
            return None
