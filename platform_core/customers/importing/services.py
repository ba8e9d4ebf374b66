"""Verbs of an import. Each moves the batch to its next state, once, and starts the job that does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.importing import batches, columns, files, own
from platform_core.customers.importing.columns import Options
from platform_core.customers.importing.files import Received
from platform_core.customers.importing.models import ImportBatch, ImportMapping
from platform_core.customers.names import norm
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow

_ = translator("customers")
JOBS = {
    "checking": "customers.import_check",
    "importing": "customers.import_commit",
    "reverting": "customers.import_revert",
}


def begin(session: Session, actor: Actor, received: Received) -> ImportBatch:
    """Keep an upload as a batch that waits for its mapping."""
    batch = ImportBatch(
        owner_id=actor.user_id,
        department_id=actor.department_id,
        filename=received.filename,
        stored_as=received.stored_as,
        size=received.size,
        headers=received.headers,
        total=received.rows,
        samples=vault_of(session).encrypt(files.sealed(received.samples)),
    )
    guess = batches.mapping_for(session, actor, received.headers)
    batch.mapping, batch.options = guess.targets, msgspec.to_builtins(guess.options)
    session.add(batch)
    session.flush()  # the page that follows is found by the batch's id
    after = {"file": batch.filename, "bytes": batch.size, "rows": batch.total}
    audit.record(session, actor, "customers.import_upload", batch.ref, after=after)
    return batch


def check(session: Session, actor: Actor, batch_id: UUID, targets: Sequence[str], options: Options) -> ImportBatch:
    """Remember the mapping and start the dry run. Raises Invalid with `column-<n>` for columns that do not fit."""
    batch = _own(session, actor, batch_id)
    problems = columns.problems(targets, own.targets(session))
    wrong = {f"column-{place}" if place >= 0 else "": text for place, text in problems.items()}
    if options.match == "code" and "code" not in targets:
        wrong["match"] = _("Say which column holds the code.")
    if options.newcomers == "leave" and not options.updates:
        wrong["newcomers"] = _("Then nothing would be imported: customers of the house are left out as well.")
    supplied = {
        name: dictionaries.current(session, f"customers.{name}", code) for name, code in options.supplied.items()
    }
    options = msgspec.structs.replace(options, **supplied)
    for name, code in supplied.items():
        if code not in dict(dictionaries.choices(session, f"customers.{name}")):
            wrong[name] = _("Please choose from the list.")
    if wrong or len(targets) != len(batch.headers):
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    values = {"mapping": list(targets), "options": msgspec.to_builtins(options)}
    _start(session, actor, batch, "checking", {"uploaded", "checked"}, **values)
    _remember(session, actor, batch, targets, options)
    return batch


def commit(session: Session, actor: Actor, batch_id: UUID) -> ImportBatch:
    """Start taking the checked rows in, or go on after a cancellation."""
    batch = _own(session, actor, batch_id)
    if batch.state == "checked" and not Options(**batch.options).taken(batch):
        raise Conflict(_("There is nothing to import in this table."))
    _start(session, actor, batch, "importing", {"checked", "cancelled"})
    audit.record(session, actor, "customers.import_start", batch.ref, after={"new": batch.new_rows, **batch.options})
    return batch


def cancel(session: Session, actor: Actor, batch_id: UUID) -> ImportBatch:
    """Stop the running job after its slice. Customers that are in stay in until the batch is taken back."""
    batch = _own(session, actor, batch_id)
    if batch.state not in {"checking", "importing"}:
        raise Conflict(_("This import is not running."))
    # The job first, as the job does it: neither waits for the other in a circle.
    session.execute(
        update(JobRow)
        .where(JobRow.id == batch.job_id, JobRow.state.in_(["pending", "running", "failed"]))
        .values(state="cancelled", finished_at=now())
    )
    session.refresh(batch)
    if batch.state not in {"checking", "importing"}:
        raise Conflict(_("This import is not running."))
    if batch.state == "checking":
        batch.state = "uploaded"
    else:
        something = batch.imported + batch.updated > 0
        batch.state = "cancelled" if something else "checked"
        batch.finished_at = now() if something else None
    audit.record(
        session,
        actor,
        "customers.import_cancel",
        batch.ref,
        after={"imported": batch.imported, "updated": batch.updated},
    )
    return batch


def retry(session: Session, actor: Actor, batch_id: UUID) -> ImportBatch:
    """Start the job again that has failed for good; it goes on where it stopped."""
    batch = batches.get(session, batch_id)
    if batches.progress_of(session, batch).state not in {"failed", "cancelled"}:
        raise Conflict(_("This import is not stuck."))
    if batch.state == "reverting":
        _check_revert(actor, batch)
    elif batch.owner_id != actor.user_id:
        raise _not_yours(batch)
    _start(session, actor, batch, batch.state, {batch.state})
    audit.record(session, actor, "customers.import_retry", batch.ref)
    return batch


def revert(session: Session, actor: Actor, batch_id: UUID) -> ImportBatch:
    """Start removing the customers that nobody has touched since."""
    batch = batches.get(session, batch_id)
    _check_revert(actor, batch)
    if not batches.can_be_reverted(batch):
        raise Conflict(_("This import cannot be taken back any more."))
    _start(session, actor, batch, "reverting", {"done", "cancelled"})
    files.forget(session, batch.stored_as)
    audit.record(
        session,
        actor,
        "customers.import_revert_start",
        batch.ref,
        after={"imported": batch.imported, "updated": batch.updated},
    )
    return batch


def discard(session: Session, actor: Actor, batch_id: UUID) -> None:
    """Throw away a batch of which nothing was taken in."""
    batch = _own(session, actor, batch_id)
    if batch.state not in {"uploaded", "checked", "expired"}:
        raise Conflict(_("Something of this import is in the house already. Take it back instead."))
    audit.record(session, actor, "customers.import_discard", batch.ref)
    files.forget(session, batch.stored_as)
    session.execute(
        delete(ImportBatch).where(ImportBatch.id == batch.id), execution_options={"synchronize_session": False}
    )


def _own(session: Session, actor: Actor, batch_id: UUID) -> ImportBatch:
    batch = batches.get(session, batch_id)
    if batch.owner_id != actor.user_id:
        raise _not_yours(batch)
    return batch


def _not_yours(batch: ImportBatch) -> Forbidden:
    return Forbidden(_("Only whoever uploaded the table can do this."), ask=Ask(people=(batch.owner_id,)))


def _check_revert(actor: Actor, batch: ImportBatch) -> None:
    if not batches.may_revert(actor, batch):
        raise Forbidden(
            _("Only whoever imported, or who may delete customers there, can take an import back."),
            ask=Ask(people=(batch.owner_id,)),
        )


def _start(session: Session, actor: Actor, batch: ImportBatch, state: str, allowed: set[str], **values: Any) -> None:
    """One of two clicks wins; the other finds the batch in its new state."""
    job_id = enqueue(session, JOBS[state], {"batch_id": str(batch.id)}, user_id=actor.user_id)
    changed = session.execute(
        update(ImportBatch)
        .where(
            ImportBatch.id == batch.id,
            ImportBatch.state.in_(allowed),
            ImportBatch.job_id.is_not_distinct_from(batch.job_id),
        )
        .values(state=state, job_id=job_id, **values),
        execution_options={"synchronize_session": False},
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(_("This import has gone on already. Reload the page."))
    session.refresh(batch)


def _remember(session: Session, actor: Actor, batch: ImportBatch, targets: Sequence[str], options: Options) -> None:
    made = columns.signature(batch.headers)
    known = session.scalars(
        select(ImportMapping).where(ImportMapping.user_id == actor.user_id, ImportMapping.signature == made)
    ).one_or_none()
    if known is None:
        known = ImportMapping(user_id=actor.user_id, signature=made)
        session.add(known)
    known.targets = {norm(header): key for header, key in zip(batch.headers, targets, strict=True)}
    known.options = msgspec.to_builtins(options)
    known.used_at = now()
