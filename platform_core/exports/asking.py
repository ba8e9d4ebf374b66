"""Asking for a file, taking the request back, and who decides about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.exports import keeping, sources
from platform_core.exports.models import FileRequest
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.permissions import admission
from platform_core.users import notifications
from platform_core.users.models import User

_ = translator("exports")
APPROVE = "exports.approve"
MOST_WAITING = 5
"""Requests of one person that wait for a decision."""
MAKING = ("approved", "written")
_SHOWN = 50
_ASKED = noop("%(name)s asks for %(title)s as a file (%(rows)d rows).")


class Asked(msgspec.Struct, kw_only=True):
    """What somebody asks for. `query`: conditions as in the page's address; no columns: those shown there."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]
    query: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    form: Literal["xlsx", "csv", "zip"] = "xlsx"
    """zip for what is no table, and for nothing else"""
    columns: list[str] = msgspec.field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """A request with the names of who asked and who decided."""

    request: FileRequest
    requester: str
    decider: str


def ref(request: FileRequest) -> EntityRef:
    return EntityRef("exports", "request", request.id, request.title)


def ask(session: Session, actor: Actor, data: Asked) -> FileRequest:
    """Raises NotFound, Invalid, and Conflict where there is nothing to take along or nobody to decide."""
    source = sources.find(session, actor, data.source)
    if isinstance(source, sources.Packaged) != (data.form == "zip"):
        raise Invalid(_("Please check the marked fields."), fields={"form": _("There is no such format of this.")})
    query = source.query(session, actor, data.query)
    number = source.count(session, actor, query)
    if not number:
        raise Conflict(_("There are no rows to take along."))
    if number > source.most:
        raise Conflict(_("A file has at most %(most)d rows. Narrow the list first.", most=source.most))
    waiting = select(func.count()).where(FileRequest.requester_id == actor.user_id, FileRequest.state == "asked")
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise Conflict(
            _("%(most)d of your requests wait for a decision. Take one of them back first.", most=MOST_WAITING)
        )
    receivers = [person.id for person in admission.holders(session, APPROVE) if person.id != actor.user_id]
    if not receivers:
        raise Conflict(
            _("Nobody else may approve files. Somebody has to be given the right to it."), ask=Ask("permissions.manage")
        )
    request = FileRequest(
        requester_id=actor.user_id, source=source.key, title=source.title[:200], query=query,
        conditions=source.conditions(session, actor, query), columns=_columns(source, session, actor, data.columns),
        form=data.form, reason=data.reason.strip(), expected=number,
    )  # fmt: skip
    session.add(request)
    session.flush()  # the audit line and the notice name its id
    after = {"what": request.source, "conditions": request.conditions, "rows": number, "form": data.form}
    audit.record(session, actor, "exports.ask", ref(request), after=after, reason=request.reason)
    if isinstance(source, sources.Packaged):
        source.asked(session, actor, request)
    told: dict[str, str | int] = {"name": actor.name, "title": request.title, "rows": number}
    notifications.notify(session, receivers, "exports", _ASKED, told, url=f"/exports/{request.id}", icon="download")
    return request


def _columns(source: sources.Source, session: Session, actor: Actor, wanted: Sequence[str]) -> list[str]:
    known = source.columns(session, actor)
    strange = set(wanted) - {item.key for item in known}
    if strange:
        raise Invalid(_("Please check the marked fields."), fields={"columns": _("There is no such column.")})
    return [item.key for item in known if (item.key in wanted if wanted else item.chosen)]


def withdraw(session: Session, actor: Actor, request_id: UUID) -> FileRequest:
    """Also while the file is made: what there is of it is shredded."""
    request = mine(session, actor, request_id, lock=True)
    if request.state not in {"asked", *MAKING}:
        raise Conflict(_("Somebody has decided about this request already."))
    keeping.shred_pieces(session, [request.id])
    audit.record(session, actor, "exports.withdraw", ref(request), after={"rows": request.rows})
    request.state = "withdrawn"
    told_no_more(session, request)
    return request


def told_no_more(session: Session, request: FileRequest) -> None:
    """Nobody else needs to decide."""
    receivers = [person.id for person in admission.holders(session, APPROVE) if person.id != request.requester_id]
    notifications.withdraw(session, receivers, f"/exports/{request.id}")


def mine(session: Session, actor: Actor, request_id: UUID, *, lock: bool = False) -> FileRequest:
    """Raises NotFound for what somebody else asked for."""
    request = session.get(FileRequest, request_id, with_for_update=lock or None)
    if request is None or request.requester_id != actor.user_id:
        raise NotFound(_("There is no such request."))
    return request


def readable(session: Session, actor: Actor, request_id: UUID) -> Line:
    """For who asked, and for those who decide."""
    request = session.get(FileRequest, request_id)
    if request is None or not (request.requester_id == actor.user_id or actor.can(APPROVE)):
        raise NotFound(_("There is no such request."))
    return _named(session, [request])[0]


def of_person(session: Session, actor: Actor) -> list[Line]:
    """The latest requests of the actor."""
    found = select(FileRequest).where(FileRequest.requester_id == actor.user_id)
    return _named(session, session.scalars(found.order_by(FileRequest.asked_at.desc()).limit(_SHOWN)).all())


def waiting(session: Session) -> list[Line]:
    """The oldest first."""
    found = select(FileRequest).where(FileRequest.state == "asked").order_by(FileRequest.asked_at)
    return _named(session, session.scalars(found.limit(_SHOWN)).all())


def decided(session: Session) -> list[Line]:
    found = select(FileRequest).where(FileRequest.decided_at.is_not(None))
    return _named(session, session.scalars(found.order_by(FileRequest.decided_at.desc()).limit(_SHOWN)).all())


def _named(session: Session, requests: Sequence[FileRequest]) -> list[Line]:
    ids = {item.requester_id for item in requests} | {item.decided_by for item in requests if item.decided_by}
    names = {key: name for key, name in session.execute(select(User.id, User.name).where(User.id.in_(ids)))}  # noqa: C416
    return [
        Line(item, names.get(item.requester_id, ""), names.get(item.decided_by, "") if item.decided_by else "")
        for item in requests
    ]


def require_approver(actor: Actor, request: FileRequest) -> None:
    if not actor.can(APPROVE):
        raise Forbidden(lacks=APPROVE)
    if request.requester_id == actor.user_id:
        raise Forbidden(_("Nobody decides about their own request."), ask=Ask(APPROVE))
