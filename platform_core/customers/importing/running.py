"""The jobs of an import: check, commit, take back, tidy up.

Each works in slices, one transaction per slice together with its progress and the state of its rows. A job that is
killed anywhere leaves whole slices behind; started again, it goes on with the rows that are still pending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers.importing import batches, drafting, files, matching, merged, reverting, updating, writing
from platform_core.customers.importing.ahead import Part, ahead, drafted
from platform_core.customers.importing.changes import OF_THE_CONTACT, Present, change_of
from platform_core.customers.importing.columns import Options
from platform_core.customers.importing.drafting import Frame
from platform_core.customers.importing.matching import Match, SeenRows
from platform_core.customers.importing.models import ImportBatch, ImportRow
from platform_core.customers.importing.rows import CODE_TAKEN, CODE_TWICE, Payload, Reader, Row
from platform_core.customers.models import Customer
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import dictionaries
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database, vault_of
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import noop, speaking, translator
from platform_core.kernel.jobs import JobContext, JobFailedError
from platform_core.kernel.letters import letter_index
from platform_core.kernel.searchbacklog import merged_beside
from platform_core.kernel.searchcolumn import word_index
from platform_core.kernel.spreadsheets import FileError, Table, open_table
from platform_core.users.notifications import notify

_ = translator("customers")
SLICE = 500
CHANGES = 100
_MERGED = (word_index(SearchRow.__tablename__), letter_index(Customer.__tablename__))
_ADDED = noop("Your import of %(file)s is finished: %(count)s customers.")


@dataclass(frozen=True, slots=True)
class _Run:
    """What the slices of an import have in common. `put_off`: see kernel.searchbacklog."""

    context: JobContext
    batch: ImportBatch
    actor: Actor
    frame: Frame
    total: int
    put_off: Callable[[Session], None]


def check(context: JobContext) -> None:
    """The dry run: read every row, give each its verdict. Starts over when it is started again."""
    with _batch_of(context, "checking") as found:
        if found is None:
            return
        batch, actor = found
        table = _open(context, batch)
        with context.database.system_session("start a dry run") as session:
            context.progress(session, 0, table.row_count_hint)
            session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))
            reader = Reader(session, batch.mapping, Options(**batch.options))
        seen = SeenRows(Options(**batch.options).match)
        counts = {"new": 0, "update": 0, "duplicate": 0, "error": 0}
        done = 0
        slices = ([reader.read(number, cells) for number, cells in part] for part in _slices(table.rows(), SLICE))
        for rows in ahead(context.database, slices):
            with context.database.system_session("dry run of an import: looks for duplicates everywhere") as session:
                done += len(rows)
                context.progress(session, done, max(done, table.row_count_hint))
                for verdict, count in _judge(session, actor, batch, rows, seen).items():
                    counts[verdict] += count
        with context.database.system_session("end a dry run") as session:
            context.progress(session, done, done)
            _settle(session, batch, "checked", total=done, new_rows=counts["new"], update_rows=counts["update"],
                    duplicate_rows=counts["duplicate"], error_rows=counts["error"])  # fmt: skip
            audit.record(session, actor, "customers.import_check", batch.ref, after=counts)


def commit(context: JobContext) -> None:
    """Make customers of the rows; who is in the house by now is left out."""
    with _batch_of(context, "importing") as found:
        if found is None:
            return
        batch, actor = found
        options = Options(**batch.options)
        verdicts, total = options.verdicts, options.taken(batch)
        # A change costs ten times what a new row does, and other writers wait while a slice is written.
        size = min(SLICE, CHANGES) if options.updates else SLICE
        slices = _unwritten(context.database, batch, verdicts, size)
        frame = drafting.frame_of(context.database, actor, batch)
        with merged_beside(context.database, _MERGED) as put_off:
            run = _Run(context, batch, actor, frame, total, put_off)
            for part in drafted(context.database, frame, slices, total):
                _commit_slice(run, part)
        with context.database.system_session("end an import") as session:
            context.progress(session, total, total)
            # Under the lock of the batch, which counts what earlier runs of this job made as well.
            current = session.get_one(ImportBatch, batch.id, with_for_update=True)
            skipped = current.skipped + batch.new_rows + batch.update_rows + batch.duplicate_rows - total
            _settle(session, batch, "done", samples=b"", finished_at=now(), skipped=skipped)
            after = {"imported": current.imported, "updated": current.updated}
            audit.record(session, actor, "customers.import_finish", batch.ref, after=after)
            parameters: dict[str, str | int] = {"file": batch.filename, "count": current.imported + current.updated}
            url = f"/customers/imports/{batch.id}"
            notify(session, [actor.user_id], "customers", _ADDED, parameters, url=url, icon="database-import")
            publish(session, Event("customers.imported", batch.ref, None, actor.user_id, {"count": current.imported}))
            files.forget(session, batch.stored_as)


def revert(context: JobContext) -> None:
    """Remove the customers of a batch that nobody has worked on since, and give back what it changed of others."""
    with _batch_of(context, "reverting") as found:
        if found is None:
            return
        batch, actor = found
        last = 0
        while True:
            with context.database.system_session("take back an import") as session:
                total = batch.imported + batch.updated
                rows = session.scalars(_imported(batch.id, last, updates=batch.updated > 0)).all()
                if not rows:
                    context.progress(session, total, total)
                    _settle(session, batch, "reverted")
                    audit.record(session, actor, "customers.import_revert_finish", batch.ref)
                    break
                last = rows[-1].number
                current = session.get_one(ImportBatch, batch.id)
                done = current.removed + current.restored + current.kept + len(rows)
                context.progress(session, done, total)
                reverting.take_back(session, actor, current, [row for row in rows if row.state == "imported"])
                reverting.give_back(session, actor, current, [row for row in rows if row.state == "updated"])


def _unwritten(
    database: Database, batch: ImportBatch, verdicts: Sequence[str], size: int
) -> Iterator[Sequence[ImportRow]]:
    """The pending rows, slice by slice."""
    last = 0
    while True:
        with database.system_session("read rows to import", write=False) as session:
            rows = session.scalars(_pending(batch.id, verdicts, last, size)).all()
        if not rows:
            return
        last = rows[-1].number
        yield rows


def _commit_slice(run: _Run, part: Part) -> None:
    context, batch, actor = run.context, run.batch, run.actor
    with context.database.system_session("import a slice: codes and duplicates are looked for everywhere") as session:
        # First, so that whoever cancels waits for this slice, and this slice for whoever cancelled.
        context.progress(session, batch.imported + batch.updated + batch.skipped + len(part.rows), run.total)
        Writer.of(session).lazily()
        run.put_off(session)
        dictionaries.hold(session)
        part = _as_of_now(session, run.frame, part)
        rows, drafts = part.rows, part.drafts
        _update(session, batch, actor, [row for row in rows if row.verdict == "update"])
        late = _late(session, part, Options(**batch.options))
        kept = [item for item in drafts if item.number not in late]
        ids = writing.save(session, kept)
        made = {item.number: customer_id for item, customer_id in zip(kept, ids, strict=True)}
        changed = [
            {
                "number": item.number,
                "state": "imported" if item.number in made else "skipped",
                "customer_id": made.get(item.number),
                "found_by": late[item.number].by if item.number in late else "",
                "found_id": late[item.number].customer_id if item.number in late else None,
            }
            for item in drafts
        ]
        if changed:
            batches.mark(session, batch.id, changed)
        batch.imported += len(made)
        batch.skipped += len(late)
        _settle(session, batch, "importing", imported=batch.imported, updated=batch.updated, skipped=batch.skipped)
        if ids:
            audit.record(session, actor, "customers.import", batch.ref, ids=ids, after={"imported": len(ids)})


def _as_of_now(session: Session, frame: Frame, part: Part) -> Part:
    """Drafted anew where entries of a dictionary were merged meanwhile."""
    gone = merged.codes(session)
    if gone == frame.merged:
        return part
    drafter = drafting.Drafter(vault_of(session), replace(frame, merged=gone))
    return Part(part.rows, drafter.drafts(drafting.asked_of(part.rows)))


def _update(session: Session, batch: ImportBatch, actor: Actor, rows: Sequence[ImportRow]) -> None:
    """Change customers as they are now: what was filled in since the check is not written over in fill mode."""
    vault, overwrite = vault_of(session), Options(**batch.options).duplicates == "overwrite"
    house = updating.editable(session, actor, {row.found_id for row in rows if row.found_id}, lock=True)
    changed, gone = [], merged.codes(session)
    for row in rows:
        payload = Payload.opened(vault, row.payload)
        present = house.get(row.found_id) if row.found_id else None
        if present is not None:
            said = merged.meant(payload.said, gone)
            payload.change = change_of(vault, present, said, payload.points, overwrite=overwrite)
        if present is not None and payload.change:
            about = {name: payload.values[name] for name in OF_THE_CONTACT if name in payload.values}
            updating.apply(session, actor, present, payload.change, about)
        done = present is not None and bool(payload.change)
        changed.append({
            "number": row.number, "state": "updated" if done else "skipped", "payload": payload.sealed(vault),
            "customer_id": row.found_id if done else None,
        })  # fmt: skip
    if changed:
        batches.mark(session, batch.id, changed)
    updated = sum(1 for item in changed if item["state"] == "updated")
    batch.updated += updated
    batch.skipped += len(changed) - updated


def _late(session: Session, part: Part, options: Options) -> dict[int, Match]:
    """Rows whose customer or whose code came into the house after the check."""
    codes = {draft.code: draft.number for draft in part.drafts if draft.code}
    late = {codes[code]: Match("code") for code in matching.taken_codes(session, codes)}
    if options.duplicates != "import":
        late |= matching.in_house(session, [draft.row for draft in part.drafts], options.match)
    return late


def _judge(session: Session, actor: Actor, batch: ImportBatch, rows: Sequence[Row], seen: SeenRows) -> dict[str, int]:
    """Store rows with their verdicts; returns how many of each."""
    vault, options = vault_of(session).of_this_moment(), Options(**batch.options)
    house = matching.in_house(session, [row for row in rows if row.ok], options.match)
    changeable: dict[UUID, Present] = {}
    if options.updates:
        house |= matching.in_house(session, [row for row in rows if row.ok], "code") if options.match == "any" else {}
        wanted = {match.customer_id for match in house.values() if match.customer_id}
        changeable = updating.editable(session, actor, wanted)
    own = {row.number for row in rows if (match := house.get(row.number)) and match.customer_id in changeable}
    known = own | {number for number, match in house.items() if options.match == match.by == "code"}
    _check_codes(session, [row for row in rows if row.number not in known], seen)
    counts: dict[str, int] = {}
    stored = []
    for row in rows:
        match = None
        if row.ok:
            match = house.get(row.number) or seen.match(row)
            seen.add(row)
        verdict = "error" if not row.ok else "duplicate" if match else "new"
        if match and row.number in own:
            assert match.customer_id is not None
            present, values = changeable[match.customer_id], row.payload.said
            earlier = seen.updates.setdefault(match.customer_id, row.number)
            change = change_of(vault, present, values, row.payload.points, overwrite=options.duplicates == "overwrite")
            if earlier != row.number:
                match = Match(match.by, row=earlier)
            elif change:
                verdict, row.payload.change = "update", change
        counts[verdict] = counts.get(verdict, 0) + 1
        stored.append({
            "batch_id": batch.id, "number": row.number, "verdict": verdict, "payload": row.payload.sealed(vault),
            "found_by": match.by if match else "", "found_id": match.customer_id if match else None,
            "found_row": match.row if match else None,
        })  # fmt: skip
    Writer.of(session).write(ImportRow, stored)
    return counts


def _check_codes(session: Session, rows: Iterable[Row], seen: SeenRows) -> None:
    coded = [(row, row.payload.values["code"]) for row in rows if row.payload.values.get("code")]
    taken = matching.taken_codes(session, {code for _row, code in coded})
    for row, code in coded:
        if code in taken:
            row.refuse(CODE_TAKEN)
        elif code in seen.codes:
            row.refuse(CODE_TWICE, row=seen.codes[code])
        else:
            seen.codes[code] = row.number


def _settle(session: Session, batch: ImportBatch, state: str, **values: Any) -> None:
    session.execute(
        update(ImportBatch).where(ImportBatch.id == batch.id).values(state=state, **values),
        execution_options={"synchronize_session": False},
    )


def _pending(batch_id: UUID, verdicts: Sequence[str], last: int, size: int) -> Any:
    return (
        select(ImportRow)
        .where(
            ImportRow.batch_id == batch_id, ImportRow.state == "pending", ImportRow.number > last,
            ImportRow.verdict.in_(verdicts),
        )
        .order_by(ImportRow.number)
        .limit(size)
    )  # fmt: skip


def _imported(batch_id: UUID, last: int, *, updates: bool) -> Any:
    return (
        select(ImportRow)
        .where(ImportRow.batch_id == batch_id, ImportRow.state.in_(["imported", "updated"]), ImportRow.number > last)
        .order_by(ImportRow.number)
        .limit(min(SLICE, CHANGES) if updates else SLICE)
    )


@contextmanager
def _batch_of(context: JobContext, state: str) -> Iterator[tuple[ImportBatch, Actor] | None]:
    """The batch a job works on, in the language of its starter; None when the batch has gone on without this job."""
    actor = context.actor
    if actor is None or not actor.can("customers.import"):
        raise JobFailedError(_("You may no longer import customers."))
    with speaking(actor.language):
        with context.database.system_session("find an import", write=False) as session:
            batch = session.get(ImportBatch, UUID(context.arguments["batch_id"]))
        is_current = batch is not None and batch.job_id == context.job_id and batch.state == state
        yield (batch, actor) if batch is not None and is_current else None


def _open(context: JobContext, batch: ImportBatch) -> Table:
    path = files.path_of(context.database, batch.stored_as)
    if not path.exists():
        raise JobFailedError(_("The uploaded file is no longer here. Upload it again."))
    try:
        return open_table(path, batch.filename)
    except FileError as error:
        raise JobFailedError(files.explain(error)) from error


def _slices(rows: Iterator[tuple[int, list[object]]], size: int) -> Iterator[list[tuple[int, list[object]]]]:
    while part := list(islice(rows, size)):
        yield part


RUN: dict[str, Callable[[JobContext], None]] = {"checking": check, "importing": commit, "reverting": revert}
