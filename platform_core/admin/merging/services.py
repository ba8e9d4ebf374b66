"""Making one entry of a dictionary part of another: what it touches, doing it, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from platform_core.admin import services
from platform_core.admin.merging import places, walking
from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import slices
from platform_core.customers.custom.definitions import DICTIONARY as FIELDS
from platform_core.customers.groups.models import Group
from platform_core.kernel import clock, dictionaries
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import DictionaryMerge, DictionaryRow, JobRow
from platform_core.plugins.asking import hooks_of
from platform_core.users.views.models import SavedView

_ = translator("admin")
RIGHT = "admin.dictionaries"
AT_ONCE = 200
"""More rows than these are changed in the background."""
DAYS = 30
WAY_BACK = timedelta(days=DAYS)
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Share:
    """How many rows of one kind hold the entry."""

    owner: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`fields`: labels of own fields whose definition names the entry; `views`: how many saved views and groups do."""

    shares: Sequence[Share]
    fields: Sequence[str]
    views: int

    @property
    def total(self) -> int:
        return sum(share.count for share in self.shares)


def preview(session: Session, actor: Actor, row: DictionaryRow) -> Preview:
    """What would be touched if this entry became part of another."""
    services.require(actor, RIGHT)
    found = places.of(session, row.dictionary)
    counted = places.counts(session, found, row.code)
    shares: dict[tuple[str, str], int] = {}
    for place in found:
        told = (place.owner, place.label)
        shares[told] = shares.get(told, 0) + counted[place.name]
    listed = [Share(owner, label, count) for (owner, label), count in sorted(shares.items()) if count]
    named = [item.label for item, _new in _definitions(session, row, "")]
    return Preview(listed, named, _views(session, row, found))


def _views(session: Session, row: DictionaryRow, found: Sequence[places.Place]) -> int:
    """Saved views and groups with a condition that names the entry; by the names of what may hold it."""
    names = {f"custom.{place.field}" if place.field else str(place.column.name) for place in found}
    total = 0
    for column in (SavedView.conditions, Group.conditions):
        written = cast(column, String)
        named = [
            written.contains(f'"{name}:{how}:', autoescape=True) for name in sorted(names) for how in ("is", "not")
        ]
        if named:
            statement = select(column).where(or_(*named), written.contains(row.code, autoescape=True)).limit(1000)
            rows = session.scalars(statement, execution_options=places.PROOF)
            total += sum(any(_names(text, names, row.code) for text in texts or ()) for texts in rows)
    return total


def _names(text: str, names: set[str], code: str) -> bool:
    key, _colon, rest = str(text).partition(":")
    return key in names and code in rest.partition(":")[2].split(",")


def begin(session: Session, actor: Actor, entry_id: UUID, into: str) -> DictionaryMerge:
    """Make the entry part of the one whose code is `into`. Raises NotFound, Invalid at `into`, Conflict."""
    services.require(actor, RIGHT)
    dictionaries.changed(session)  # first, so that two who keep dictionaries wait for each other
    row = services.get_entry(session, entry_id)
    target = _target(session, row, into)
    total = sum(places.counts(session, places.of(session, row.dictionary), row.code).values())
    merge = DictionaryMerge(
        id=new_id(), dictionary=row.dictionary, code=row.code, label=row.label, into=target.code,
        into_label=target.label, was_active=row.active, total=total, by_id=actor.user_id, by_label=actor.name,
        moved=0, undone=0, kept=0, cursor={}, at=clock.now(), fields={},
    )  # fmt: skip
    for item, new in _definitions(session, row, target.code):
        merge.fields = {**merge.fields, item.code: {"before": item.data, "after": new}}
        item.data = new
    row.merged_into, row.active = target.code, False
    session.add(merge)
    after = {"into": target.label, "rows": total, "fields": len(merge.fields)}
    audit.record(session, actor, "admin.merge_entry", ref(merge), before={"label": row.label}, after=after)
    _start(session, actor, merge, "running", in_background=total > AT_ONCE)
    return merge


def _target(session: Session, row: DictionaryRow, into: str) -> DictionaryRow:
    refuse_kept_apart(session, row.dictionary)
    if row.merged_into:
        raise Conflict(_("It is part of another entry already."))
    working = select(DictionaryMerge.id).where(
        DictionaryMerge.dictionary == row.dictionary, DictionaryMerge.state.in_(["running", "undoing"])
    )
    if session.scalars(working.limit(1)).first() is not None:
        raise Conflict(_("Entries of this dictionary are being merged. Wait until that has ended."))
    for other in services.entries(session, row.dictionary):
        if other.code == into and other is not row and other.active:
            return other
    raise Invalid(_("Please check the marked fields."), fields={"into": _("Please choose from the list.")})


def refuse_kept_apart(session: Session, dictionary: str) -> None:
    """Raises Conflict with the reason."""
    declared = hooks_of(session).manager.declared.dictionaries.get(dictionary)
    if declared is not None and declared.apart:
        raise Conflict(_("Entries of this dictionary are not merged: %(reason)s", reason=str(declared.apart)))


def _definitions(session: Session, row: DictionaryRow, into: str) -> list[tuple[DictionaryRow, dict[str, Any]]]:
    """Own fields that name the entry as their default or as whom they are for, with their data afterwards."""
    found = []
    for item in services.entries(session, FIELDS):
        new = dict(item.data)
        if new.get("dictionary") == row.dictionary and new.get("default"):
            new["default"] = ",".join(_renamed(str(new["default"]).split(","), row.code, into))
        if row.dictionary == "customers.classification" and new.get("classifications"):
            new["classifications"] = _renamed(new["classifications"], row.code, into)
        if new != item.data:
            found.append((item, new))
    return found


def _renamed(codes: Sequence[str], old: str, new: str) -> list[str]:
    return list(dict.fromkeys(new if code == old else code for code in codes))


def _start(session: Session, actor: Actor, merge: DictionaryMerge, state: str, *, in_background: bool) -> None:
    merge.state = state
    name, step = {"running": ("admin.merge_entry", step_on), "undoing": ("admin.unmerge_entry", step_back)}[state]
    if in_background:
        merge.job_id = enqueue(session, name, {"merge_id": str(merge.id)}, user_id=actor.user_id)
        return
    session.flush()  # rows are changed past the session
    while step(session, actor, merge):
        pass


def step_on(session: Session, actor: Actor, merge: DictionaryMerge) -> int:
    """Change the next rows; the call that finds none settles it."""
    place, number = walking.forth(session, merge)
    if number:
        audit.record(session, actor, "admin.merge_rows", ref(merge), after={"place": place, "rows": number})
        return number
    merge.state, merge.finished_at = "done", clock.now()
    audit.record(session, actor, "admin.merge_finish", ref(merge), after={"rows": merge.moved})
    return 0


def step_back(session: Session, actor: Actor, merge: DictionaryMerge) -> int:
    number = walking.back(session, merge)
    if number:
        return number
    merge.state, merge.undone_at = "undone", clock.now()
    after = {"given_back": merge.undone, "not_given_back": merge.kept}
    audit.record(session, actor, "admin.unmerge_finish", ref(merge), after=after)
    return 0


def can_be_undone(merge: DictionaryMerge) -> bool:
    in_time = merge.finished_at is not None and merge.finished_at > clock.now() - WAY_BACK
    return merge.state == "done" and in_time


def undo(session: Session, actor: Actor, merge_id: UUID) -> DictionaryMerge:
    """Both entries are there again, and each row has its own. Raises NotFound, Conflict when it is too late."""
    services.require(actor, RIGHT)
    dictionaries.changed(session)
    merge = get(session, merge_id, lock=True)
    if not can_be_undone(merge):
        raise Conflict(_("This can no longer be taken back: that is possible once, for %(days)d days.", days=DAYS))
    rows = {row.code: row for row in services.entries(session, merge.dictionary)}
    old, target = rows.get(merge.code), rows.get(merge.into)
    if old is None or target is None or old.merged_into != merge.into:
        raise Conflict(_("One of the two entries is no longer there."))
    if target.merged_into:
        raise Conflict(_("%(entry)s has become part of another entry since. Take that back first.", entry=target.label))
    old.merged_into, old.active = "", merge.was_active
    for item in services.entries(session, FIELDS):
        sides = merge.fields.get(item.code)
        if sides is not None and item.data == sides["after"]:
            item.data = sides["before"]
    audit.record(session, actor, "admin.unmerge_entry", ref(merge), after={"rows": merge.moved})
    _start(session, actor, merge, "undoing", in_background=merge.moved > AT_ONCE)
    return merge


def retry(session: Session, actor: Actor, merge_id: UUID) -> DictionaryMerge:
    """Start the job again that has failed for good; it goes on where it stopped. Raises Conflict."""
    services.require(actor, RIGHT)
    merge = get(session, merge_id, lock=True)
    job = job_of(session, merge)
    if job is None or job.state not in {"failed", "cancelled"} or merge.state not in {"running", "undoing"}:
        raise Conflict(_("This merge is not stuck."))
    _start(session, actor, merge, merge.state, in_background=True)
    return merge


def get(session: Session, merge_id: UUID, *, lock: bool = False) -> DictionaryMerge:
    """Raises NotFound."""
    return slices.get(session, DictionaryMerge, merge_id, _("There is no such merge."), lock=lock)


def job_of(session: Session, merge: DictionaryMerge) -> JobRow | None:
    return session.get(JobRow, merge.job_id) if merge.job_id else None


def latest(session: Session, dictionary: str) -> Sequence[DictionaryMerge]:
    statement = select(DictionaryMerge).where(DictionaryMerge.dictionary == dictionary)
    return session.scalars(statement.order_by(DictionaryMerge.at.desc()).limit(_SHOWN)).all()


def ref(merge: DictionaryMerge) -> EntityRef:
    return EntityRef("admin", "dictionary_merge", merge.id, f"{merge.dictionary}: {merge.label}")
