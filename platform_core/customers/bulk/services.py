"""Changing the customers that were put down, slice by slice, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import fields, listing, tags
from platform_core.customers import services as customers
from platform_core.customers.bulk import queries
from platform_core.customers.bulk.drafts import draft_of
from platform_core.customers.bulk.judging import Wanted, get, judged, lines, mark, sides, wanted_of
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.customers.forms import CustomerPatch
from platform_core.customers.models import Customer
from platform_core.kernel import clock
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import enqueue

_ = translator("customers")
AT_ONCE = 200
"""More than these are changed in the background."""
SLICE = 50
DAYS = 30
WAY_BACK = timedelta(days=DAYS)


def confirm(session: Session, actor: Actor, change_id: UUID, version: int | None = None) -> BulkChange:
    """Do what the preview showed. `version`: of the change when it was shown. Raises Conflict when that is old."""
    change = draft_of(session, actor, change_id)
    if version is not None and version != change.version:
        raise Conflict(_("The preview has changed since. Look at it again."))
    if not change.wanted:
        raise Invalid(_("Choose at least one field to change."))
    after = {"count": change.total, **_told(wanted_of(change))}
    audit.record(session, actor, "customers.bulk_confirm", change.ref, after=after)
    _start(session, actor, change, "running", in_background=change.total > AT_ONCE)
    return change


def _told(wanted: Wanted) -> dict[str, Any]:
    found: dict[str, Any] = dict(wanted.values)
    return found | {name: words for name in ("add_tags", "remove_tags") if (words := getattr(wanted, name))}


def _start(session: Session, actor: Actor, change: BulkChange, state: str, *, in_background: bool) -> None:
    change.state = state
    name, step = {
        "running": ("customers.bulk_change", step_on),
        "undoing": ("customers.bulk_undo", step_back),
    }[state]
    if in_background:
        change.job_id = enqueue(session, name, {"change_id": str(change.id)}, user_id=actor.user_id)
        return
    session.flush()  # two who confirm the same at once: the second one's version is old
    while step(session, actor, change):
        pass


def step_on(session: Session, actor: Actor, change: BulkChange) -> int:
    """Change the next customers; how many lines were looked at. The call that finds none settles it."""
    rows = lines(session, change, "pending", 0, SLICE)
    if not rows:
        change.state, change.finished_at = "done", clock.now()
        after = {"changed": change.changed, "same": change.same, "stayed": change.refused}
        audit.record(session, actor, "customers.bulk_finish", change.ref, after=after)
        return 0
    wanted = wanted_of(change)
    fields.check(session, wanted.values)
    held = listing.tags_of(session, [row.customer_id for row in rows])
    done = [
        _changed(session, actor, row, customer, why, wanted, held.get(row.customer_id, []))
        for row, customer, why in judged(session, actor, rows, lock=True)
    ]
    mark(session, change, rows, done)
    change.changed += sum(line["state"] == "changed" for line in done)
    change.same += sum(line["state"] == "same" for line in done)
    change.refused += sum(line["state"] == "refused" for line in done)
    return len(rows)


def step_back(session: Session, actor: Actor, change: BulkChange) -> int:
    """As `step_on`, the other way: what somebody has changed since stays as it is."""
    rows = lines(session, change, "changed", 0, SLICE)
    if not rows:
        change.state, change.undone_at = "undone", clock.now()
        after = {"given_back": change.undone, "not_given_back": change.kept}
        audit.record(session, actor, "customers.bulk_undo_finish", change.ref, after=after)
        return 0
    held = listing.tags_of(session, [row.customer_id for row in rows])
    done = [
        _given_back(session, actor, row, customer, why, held.get(row.customer_id, []))
        for row, customer, why in judged(session, actor, rows, lock=True)
    ]
    mark(session, change, rows, done)
    change.undone += sum(line["state"] == "undone" for line in done)
    change.kept += sum(line["state"] == "kept" for line in done)
    return len(rows)


def _changed(  # noqa: PLR0917
    session: Session, actor: Actor, row: BulkLine, customer: Customer | None, why: str, wanted: Wanted,
    held: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """Change one customer, unless something stands against it; its line."""
    before, after = ({}, {}) if customer is None or why else sides(customer, wanted, held)
    reason = why or ("tags" if len(after.get("tags", ())) > tags.MOST else "")
    if after and not reason:
        _write(session, actor, row.customer_id, after)
    state = "refused" if reason else "changed" if after else "same"
    return {"number": row.number, "state": state, "why": reason, "before": before, "after": after}


def _given_back(
    session: Session, actor: Actor, row: BulkLine, customer: Customer | None, why: str, held: Sequence[str]
) -> dict[str, Any]:
    back: dict[str, Any] = {}
    if customer is not None and not why:
        now_at = {name: getattr(customer, name) for name in row.after if name != "tags"}
        back = {name: row.before[name] for name, value in now_at.items() if value == row.after[name]}
        if "tags" in row.after:
            back |= _tags_back(row, held)
        _write(session, actor, row.customer_id, back)
    reason = why or ("later" if len(back) < len(row.after) else "")
    return {"number": row.number, "state": "kept" if reason else "undone", "why": reason}


def _tags_back(row: BulkLine, held: Sequence[str]) -> dict[str, Any]:
    """The tags without those that came and with those that went; others that came since stay."""
    before, after = row.before["tags"], row.after["tags"]
    kept = [name for name in held if name in before or name not in after]
    return {"tags": [*kept, *(name for name in before if name not in after and name not in kept)]}


def _write(session: Session, actor: Actor, customer_id: UUID, values: Mapping[str, Any]) -> None:
    """By the verbs for a single customer: each checks, keeps the history and leaves a line of its own."""
    plain = {name: value for name, value in values.items() if name != "tags"}
    if plain:
        customers.update(session, actor, customer_id, CustomerPatch(**plain))
    if "tags" in values:
        tags.assign(session, actor, customer_id, values["tags"])


def can_be_undone(change: BulkChange) -> bool:
    in_time = change.finished_at is not None and change.finished_at > clock.now() - WAY_BACK
    return change.state == "done" and change.changed > 0 and in_time


def undo(session: Session, actor: Actor, change_id: UUID) -> BulkChange:
    """Give the customers back what they were. Raises NotFound, Conflict when it is too late."""
    change = get(session, change_id, lock=True)
    if not can_be_undone(change):
        raise Conflict(
            _("This change can no longer be taken back: that is possible once, for %(days)d days.", days=DAYS)
        )
    audit.record(session, actor, "customers.bulk_undo", change.ref, after={"count": change.changed})
    _start(session, actor, change, "undoing", in_background=change.changed > AT_ONCE)
    return change


def retry(session: Session, actor: Actor, change_id: UUID) -> BulkChange:
    """Start the job again that has failed for good; it goes on where it stopped. Raises Conflict."""
    change = get(session, change_id, lock=True)
    row = queries.job_of(session, change)
    if row is None or row.state not in {"failed", "cancelled"}:
        raise Conflict(_("This change is not stuck."))
    _start(session, actor, change, change.state, in_background=True)
    return change
