"""Changing the rows that were put down, slice by slice, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import tags
from platform_core.customers.bulk import queries
from platform_core.customers.bulk.drafts import draft_of
from platform_core.customers.bulk.judging import Wanted, get, judged, lines, mark, sides, view_of, wanted_of
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.kernel import clock
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import enqueue
from platform_core.web.lists.changing import Changeable, Changes

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
    """Change the next rows; how many lines were looked at. The call that finds none settles it."""
    rows = lines(session, change, "pending", 0, SLICE)
    if not rows:
        change.state, change.finished_at = "done", clock.now()
        after = {"changed": change.changed, "same": change.same, "stayed": change.refused}
        audit.record(session, actor, "customers.bulk_finish", change.ref, after=after)
        return 0
    changes, wanted = view_of(change.view)[1], wanted_of(change)
    changes.check(session, actor, wanted.values)
    done = [
        _changed(session, actor, changes, found, wanted)
        for found in judged(session, actor, changes, rows, wanted.values, lock=True)
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
    changes = view_of(change.view)[1]
    done = [
        _given_back(session, actor, changes, found) for found in judged(session, actor, changes, rows, {}, lock=True)
    ]
    mark(session, change, rows, done)
    change.undone += sum(line["state"] == "undone" for line in done)
    change.kept += sum(line["state"] == "kept" for line in done)
    return len(rows)


def _changed(
    session: Session, actor: Actor, changes: Changes, found: tuple[BulkLine, Changeable | None, str], wanted: Wanted
) -> dict[str, Any]:
    """Change one row, unless something stands against it; its line."""
    row, now_at, why = found
    before, after = ({}, {}) if now_at is None or why else sides(now_at, wanted)
    reason = why or ("tags" if len(after.get("tags", ())) > tags.MOST else "")
    if not reason and any(row.before.get(name, was) != was for name, was in before.items() if name != "tags"):
        reason = "meanwhile"
    if after and not reason:
        reason = _written(session, actor, changes, row, after)
    state = "refused" if reason else "changed" if after else "same"
    return {"number": row.number, "state": state, "why": reason, "before": before, "after": after}


def _given_back(
    session: Session, actor: Actor, changes: Changes, found: tuple[BulkLine, Changeable | None, str]
) -> dict[str, Any]:
    row, now_at, why = found
    back: dict[str, Any] = {}
    if now_at is not None and not why:
        plain = {name: value for name, value in row.after.items() if name != "tags"}
        back = {name: row.before[name] for name, value in plain.items() if now_at.values[name] == value}
        if "tags" in row.after:
            back |= _tags_back(row, now_at.values["tags"])
        why = _written(session, actor, changes, row, back) if back else ""
    reason = why or ("later" if len(back) < len(row.after) else "")
    return {"number": row.number, "state": "kept" if reason else "undone", "why": reason}


def _tags_back(row: BulkLine, held: Sequence[str]) -> dict[str, Any]:
    """The tags without those that came and with those that went; others that came since stay."""
    before, after = row.before["tags"], row.after["tags"]
    kept = [name for name in held if name in before or name not in after]
    return {"tags": [*kept, *(name for name in before if name not in after and name not in kept)]}


def _written(session: Session, actor: Actor, changes: Changes, row: BulkLine, values: Mapping[str, Any]) -> str:
    """By the verbs for a single row; why it stays, where they refuse what `rows` could not foresee."""
    try:
        with session.begin_nested():
            changes.write(session, actor, row.row_id, values)
    except (Conflict, Forbidden, Invalid, NotFound):
        return "refused"
    return ""


def can_be_undone(change: BulkChange) -> bool:
    in_time = change.finished_at is not None and change.finished_at > clock.now() - WAY_BACK
    return change.state == "done" and change.changed > 0 and in_time


def undo(session: Session, actor: Actor, change_id: UUID) -> BulkChange:
    """Give the rows back what they were. Raises NotFound, Conflict when it is too late."""
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
