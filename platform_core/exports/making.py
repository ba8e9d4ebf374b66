"""Making an approved file as the person who asked, handing it out, and shredding it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.exports import asking, sources
from platform_core.exports.models import FileRequest, MadeFile, Paper, Printed
from platform_core.exports.sources import Package, Packaged, Table
from platform_core.guard import canaries
from platform_core.kernel.clock import now, today
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import BatonError, Conflict
from platform_core.kernel.i18n import noop, speaking, translator
from platform_core.kernel.jobs import JobContext, JobFailedError
from platform_core.users import notifications
from platform_core.web import csvs, formats, sheets

_ = translator("exports")
KEPT = timedelta(hours=24)
_LOST = timedelta(hours=24)
"""A file that is not made a day after it was approved will not be."""
MOST_DOWNLOADS = 2
"""A download that breaks off can be tried again."""
_PAPERS_KEPT_DAYS = 92
_READY = noop("Your file %(title)s is ready. It can be fetched until tomorrow, this hour.")
_FAILED = noop("Your file %(title)s could not be made: your rights or the list have changed.")


def make(context: JobContext) -> None:
    """Runs with the rights that the asking person has now. Doing it again changes nothing."""
    actor = context.actor
    if actor is None:
        message = "nobody asked for this file"
        raise JobFailedError(message)
    key = UUID(context.arguments["request"])
    with speaking(actor.language), context.database.actor_session(actor) as session:
        request = session.get(FileRequest, key, with_for_update=True)
        if request is None or request.state != "approved":
            return
        try:
            made = _made(session, actor, request)
        except BatonError:
            request.state = "failed"
            audit.record(session, actor, "exports.make", asking.ref(request), result="failed")
            _tell(session, request, _FAILED)
            return
        session.add(MadeFile(request_id=request.id, content=vault_of(session).encrypt_bytes(made.content)))
        request.state, request.ready_at, request.expires_at = "ready", now(), now() + KEPT
        request.rows, request.sha256 = made.rows, hashlib.sha256(made.content).hexdigest()
        after = {"what": request.source, "rows": request.rows, "sha256": request.sha256}
        audit.record(session, actor, "exports.make", asking.ref(request), ids=made.customers, after=after, shown=False)
        canaries.taken(session, actor, made.customers, "exports.make")
        _tell(session, request, _READY)


def _made(session: Session, actor: Actor, request: FileRequest) -> Package:
    source = sources.find(session, actor, request.source)
    if isinstance(source, Packaged):
        return source.package(session, mark_of(actor, request.id))
    table = source.read(session, actor, request.query, request.columns, source.most)
    return Package(_content(actor, request, table), len(table.rows), table.customers)


def _tell(session: Session, request: FileRequest, message: str) -> None:
    told = {"title": request.title}
    notifications.notify(
        session, [request.requester_id], "exports", message, told, url=f"/exports/{request.id}", icon="download"
    )


def _content(actor: Actor, request: FileRequest, table: Table) -> bytes:
    """The first row says whose file it is, wherever it turns up."""
    mark = mark_of(actor, request.id)
    titles, rows = [mark, *[""] * (len(table.titles) - 1)], [list(table.titles), *table.rows]
    if request.form == "csv":
        return csvs.content(titles, rows).encode()
    with tempfile.TemporaryDirectory(prefix="baton-file-") as folder:
        path = Path(folder) / "table.xlsx"
        sheets.write(path, titles, rows, author=actor.name, comments=mark)
        return path.read_bytes()


def mark_of(actor: Actor, key: UUID) -> str:
    """Who, when, and under which number it is found in the audit trail."""
    who = f"{actor.name} {actor.employee_no}".strip()
    return _("For %(who)s alone, %(at)s, no. %(number)s", who=who, at=formats.exact(now()), number=str(key))


def fetch(session: Session, actor: Actor, request_id: UUID) -> tuple[FileRequest, bytes]:
    """A download. Raises NotFound, and Conflict when the file is gone or was fetched often enough."""
    request = asking.mine(session, actor, request_id)
    taken = session.execute(
        update(FileRequest)
        .where(
            FileRequest.id == request.id, FileRequest.state == "ready", FileRequest.downloads < MOST_DOWNLOADS,
            FileRequest.expires_at > now(),
        )
        .values(downloads=FileRequest.downloads + 1)
        .returning(FileRequest.downloads)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()  # fmt: skip
    file = session.get(MadeFile, request.id)
    if taken is None or file is None:
        raise Conflict(_("This file is gone. Ask for it again."))
    after = {"rows": request.rows, "sha256": request.sha256, "downloads": taken}
    audit.record(session, actor, "exports.download", asking.ref(request), after=after)
    content = vault_of(session).decrypt_bytes(file.content)
    if taken >= MOST_DOWNLOADS:
        _shred(session, [request.id])
    return request, content


def _shred(session: Session, ids: Sequence[UUID]) -> None:
    session.execute(
        update(FileRequest).where(FileRequest.id.in_(ids)).values(state="gone")
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session.execute(delete(MadeFile).where(MadeFile.request_id.in_(ids)).execution_options(synchronize_session=False))


def tidy(context: JobContext) -> None:
    """Files that nobody may fetch any more, and those that were never made."""
    with context.database.system_session("shred files that were made for people") as session:
        over = or_(FileRequest.expires_at <= now(), FileRequest.downloads >= MOST_DOWNLOADS)
        _shred(session, session.scalars(select(FileRequest.id).where(FileRequest.state == "ready", over)).all())
        lost = (FileRequest.state == "approved", FileRequest.decided_at < now() - _LOST)
        session.execute(update(FileRequest).where(*lost).values(state="failed"))
        limit = today() - timedelta(days=_PAPERS_KEPT_DAYS)
        session.execute(delete(Printed).where(Printed.day < limit))
        session.execute(delete(Paper).where(Paper.at < now() - timedelta(days=_PAPERS_KEPT_DAYS)))
