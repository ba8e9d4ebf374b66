"""Making an approved file as the person who asked, handing it out, and shredding it."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.exports import asking, keeping, sources
from platform_core.exports.models import FileRequest, Paper, PaperFile, Printed
from platform_core.exports.sources import Packaged, Part, Sliced
from platform_core.guard import canaries
from platform_core.kernel.clock import now, today
from platform_core.kernel.database import Database
from platform_core.kernel.errors import BatonError, Conflict
from platform_core.kernel.i18n import noop, speaking, translator
from platform_core.kernel.jobs import JobContext, JobFailedError
from platform_core.kernel.workbooks import MAX_ROWS, Sheet, write_book
from platform_core.permissions import actors
from platform_core.users import notifications
from platform_core.web import csvs, formats, sheets

_ = translator("exports")
KEPT = timedelta(hours=24)
_LOST = timedelta(hours=24)
"""A file that is not made a day after it was approved will not be."""
MOST_DOWNLOADS = 2
"""A download that breaks off can be tried again."""
_SLOWEST_DOWNLOAD = timedelta(hours=1)
_PAPERS_KEPT_DAYS = 92
PAPER_OPEN_FOR = timedelta(minutes=15)
_HEAD = 2
"""Rows above the first one of a sheet: whose file it is, and the titles."""
_READY = noop("Your file %(title)s is ready. It can be fetched until tomorrow, this hour.")
_FAILED = noop("Your file %(title)s could not be made: your rights or the list have changed.")


@dataclass(frozen=True, slots=True)
class _Taken:
    rows: int
    customers: Sequence[UUID]
    after: str


def make(context: JobContext) -> None:
    """Runs with the rights that the asking person has at each part. Killed anywhere, it goes on where it was."""
    key, actor = UUID(context.arguments["request"]), context.actor
    if actor is None:
        message = "nobody asked for this file"
        raise JobFailedError(message)
    with speaking(actor.language):
        while _take(context, actor, key):
            with context.database.system_session("whose file is made", write=False) as session:
                actor = actors.load_actor(session, actor.user_id)
            if actor is None:
                message = "the account that asked for this file may no longer act"
                raise JobFailedError(message)
        _finish(context, actor, key)


def _take(context: JobContext, actor: Actor, key: UUID) -> bool:
    """The next part of the rows, with its line in the audit trail. Returns whether there are more."""
    with context.database.actor_session(actor) as session:
        request = session.get(FileRequest, key, with_for_update=True)
        if request is None or request.state != "approved":
            return False
        context.progress(session, request.rows, max(request.expected, request.rows))
        try:
            made = _part(session, actor, request)
        except BatonError:
            request.state = "failed"
            keeping.shred_pieces(session, [request.id])
            audit.record(session, actor, "exports.make", asking.ref(request), result="failed")
            _tell(session, request, _FAILED)
            return False
        after = {"what": request.source, "rows": made.rows}
        audit.record(session, actor, "exports.make", asking.ref(request), ids=made.customers, after=after, shown=False)
        canaries.taken(session, actor, made.customers, "exports.make")
        request.rows, request.cursor = request.rows + made.rows, made.after
        if not made.after:
            request.state = "written"
        return bool(made.after)


def _part(session: Session, actor: Actor, request: FileRequest) -> _Taken:
    source = sources.find(session, actor, request.source)
    if isinstance(source, Packaged):
        package = source.package(session, mark_of(actor, request.id))
        keeping.replace_rows(session, request.id, keeping.cut(io.BytesIO(package.content)))
        return _Taken(package.rows, package.customers, "")
    if isinstance(source, Sliced):
        titles = source.titles(session, request.columns)
        part = source.part(session, actor, request.query, request.columns, request.cursor)
    else:
        table = source.read(session, actor, request.query, request.columns, source.most)
        titles, part = list(table.titles), Part(table.rows, table.customers, "")
    # The first row says whose file it is, wherever it turns up.
    head = [[mark_of(actor, request.id), *[""] * (len(titles) - 1)], titles]
    rows = [*head, *part.rows] if keeping.is_empty(session, request.id) else part.rows
    if request.form == "csv":
        text = csvs.lines(rows)
        keeping.add(session, request.id, f"{csvs.MARK}{text}".encode() if rows is not part.rows else text.encode())
    else:
        keeping.add_rows(session, request.id, [[sheets.stored(cell) for cell in row] for row in rows])
    return _Taken(len(part.rows), part.customers, part.after)


def _finish(context: JobContext, actor: Actor, key: UUID) -> None:
    """The file as it is fetched, made of what was taken; done again from its beginning when it was killed."""
    database = context.database
    with database.system_session("what was taken for a file", write=False) as session:
        found = session.get(FileRequest, key)
    if found is None or found.state != "written":
        return
    with tempfile.TemporaryDirectory(prefix="baton-file-") as folder:
        path = Path(folder) / "table.xlsx"
        if found.form == "xlsx":
            _write(database, found, path, actor)
        digest = hashlib.sha256()
        with path.open("rb") if found.form == "xlsx" else io.BytesIO() as source:
            for part in keeping.cut(source) if found.form == "xlsx" else keeping.content(database, key):
                digest.update(part)
            source.seek(0)
            with database.system_session("a file is ready") as session:
                context.progress(session, found.rows, found.rows)
                request = session.get(FileRequest, key, with_for_update=True)
                if request is None or request.state != "written":
                    return
                if request.form == "xlsx":
                    keeping.replace_rows(session, key, keeping.cut(source))
                request.state, request.ready_at, request.expires_at = "ready", now(), now() + KEPT
                request.sha256 = digest.hexdigest()
                after = {"what": request.source, "rows": request.rows, "sha256": request.sha256}
                audit.record(session, actor, "exports.ready", asking.ref(request), after=after)
                _tell(session, request, _READY)


def _write(database: Database, request: FileRequest, path: Path, actor: Actor) -> None:
    """Each sheet begins with the same two rows."""
    rows = keeping.rows(database, request.id)
    head = list(islice(rows, _HEAD))
    write_book(path, _sheets(head, rows), author=actor.name, comments=str(head[0][0]))


def _sheets(head: list[keeping.Row], rows: Iterator[keeping.Row]) -> Iterator[Sheet]:
    titles, below = [str(cell) for cell in head[0]], head[1:]
    first = next(rows, None)
    number = 1
    while first is not None or number == 1:
        begun = [] if first is None else [first]
        yield f"{number}", titles, chain(below, begun, islice(rows, MAX_ROWS - _HEAD - 1))
        first, number = next(rows, None), number + 1


def _tell(session: Session, request: FileRequest, message: str) -> None:
    told = {"title": request.title}
    notifications.notify(
        session, [request.requester_id], "exports", message, told, url=f"/exports/{request.id}", icon="download"
    )


def mark_of(actor: Actor, key: UUID) -> str:
    """Who, when, and under which number it is found in the audit trail."""
    who = f"{actor.name} {actor.employee_no}".strip()
    return _("For %(who)s alone, %(at)s, no. %(number)s", who=who, at=formats.exact(now()), number=str(key))


def fetch(session: Session, actor: Actor, request_id: UUID) -> FileRequest:
    """Count a download. Raises NotFound, and Conflict when the file is gone or was fetched often enough."""
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
    if taken is None:
        raise Conflict(_("This file is gone. Ask for it again."))
    after = {"rows": request.rows, "sha256": request.sha256, "downloads": taken}
    audit.record(session, actor, "exports.download", asking.ref(request), after=after)
    session.refresh(request)
    if taken >= MOST_DOWNLOADS and request.expires_at is not None:
        # It is shredded when it has been sent, or when it should long have been.
        request.expires_at = min(request.expires_at, now() + _SLOWEST_DOWNLOAD)
    return request


def tidy(context: JobContext) -> None:
    """Files that nobody may fetch any more, and those that were never made."""
    with context.database.system_session("shred files that were made for people") as session:
        over = FileRequest.expires_at <= now()
        keeping.shred(session, session.scalars(select(FileRequest.id).where(FileRequest.state == "ready", over)).all())
        lost = FileRequest.state.in_(asking.MAKING) & (FileRequest.decided_at < now() - _LOST)
        keeping.shred_pieces(session, session.scalars(select(FileRequest.id).where(lost)).all())
        session.execute(update(FileRequest).where(lost).values(state="failed"))
        limit = today() - timedelta(days=_PAPERS_KEPT_DAYS)
        session.execute(delete(Printed).where(Printed.day < limit))
        closed = select(Paper.id).where(Paper.at < now() - PAPER_OPEN_FOR)
        session.execute(delete(PaperFile).where(PaperFile.paper_id.in_(closed)))
        session.execute(delete(Paper).where(Paper.at < now() - timedelta(days=_PAPERS_KEPT_DAYS)))
