"""Reading the audit trail. Every statement is bounded by time and runs along an index, also over millions of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, and_, cast, false, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import at_local, day_start, today
from platform_core.kernel.errors import NotFound
from platform_core.kernel.model import METADATA
from platform_core.web import cursors

PAGE = 50
SEARCHED_DAYS = 92
"""Words are looked for line by line, so in a quarter of a year at most; everything else has its index."""
_CUSTOMER = "customers/customer"
RESULTS = ("ok", "denied", "failed")


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Days are the organisation's and both inclusive; empty fields do not narrow.

    `who` is part of an actor's name, `what` how an action's code begins, `thing` an id or the beginning of a label.
    """

    since: date
    until: date
    begins: time | None = None
    """At what time of the first day; from its beginning if none."""
    ends: time | None = None
    """Until and including which minute of the last day; to its end if none."""
    who: str = ""
    actor_id: UUID | None = None
    what: str = ""
    is_whole: bool = False
    """Whether `what` is one action, not the beginning of several."""
    called: tuple[str, ...] = ()
    """Actions that count beside those that begin with `what`."""
    thing: str = ""
    customer_id: UUID | None = None
    customer: str = ""
    """The beginning of a customer's name, as lines of those days call it."""
    listed_id: UUID | None = None
    """A row that a list showed among others."""
    result: str = ""
    ip: str = ""
    via: str = ""
    session_id: UUID | None = None
    """One sign-in on one device."""
    cursor: str = ""

    @classmethod
    def recent(cls, days: int = 7) -> AuditQuery:
        return cls(since=today() - timedelta(days=days - 1), until=today())

    @property
    def searches(self) -> bool:
        """Whether lines have to be looked at one by one."""
        is_word = bool(self.thing) and _id(self.thing) is None
        alone = self.actor_id is None and self.customer_id is None
        return is_word or bool(self.customer) or ((self.listed_id or self.session_id) is not None and alone)

    def bounded(self) -> AuditQuery:
        """The same, over no more days than can be searched."""
        first = self.until - timedelta(days=SEARCHED_DAYS - 1)
        return replace(self, since=first) if self.searches and self.since < first else self


def entries(session: Session, query: AuditQuery, *, limit: int = PAGE) -> tuple[Sequence[AuditEntry], str]:
    """Newest first, and the cursor of the next page ("" on the last)."""
    rows = session.scalars(statement(session, query, limit + 1)).all()
    shown = rows[:limit]
    return shown, cursors.encode([shown[-1].at, shown[-1].id]) if len(rows) > len(shown) else ""


def entry(session: Session, entry_id: UUID) -> AuditEntry:
    """One line. Raises NotFound."""
    found = session.get(AuditEntry, entry_id)
    if found is None:
        raise NotFound
    return found


def statement(session: Session, query: AuditQuery, limit: int) -> Select[AuditEntry]:
    found = select(AuditEntry).where(*_conditions(session, query))
    if query.cursor:
        at, last = cursors.decode(query.cursor, 2)
        # The first condition is what the index is entered with.
        found = found.where(
            AuditEntry.at <= at, or_(AuditEntry.at < at, and_(AuditEntry.at == at, AuditEntry.id < last))
        )
    return found.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)


def _conditions(session: Session, query: AuditQuery) -> list[Any]:
    days = _between(query)
    same = (
        (AuditEntry.actor_id, query.actor_id), (AuditEntry.customer_id, query.customer_id), (AuditEntry.ip, query.ip),
        (AuditEntry.result, query.result), (AuditEntry.via, query.via), (AuditEntry.session_id, query.session_id),
    )  # fmt: skip
    found: list[Any] = [*days, *(column == value for column, value in same if value)]
    if query.result and query.result != "ok":
        found.append(AuditEntry.result != "ok")  # so that the index of what was refused is seen to fit
    if query.who:
        found.append(_among(AuditEntry.actor_id, [key for key, _name in people(session, query.who)]))
    if query.what:
        begins = AuditEntry.action.startswith(query.what, autoescape=True)
        several = or_(begins, AuditEntry.action.in_(query.called)) if query.called else begins
        found.append(AuditEntry.action == query.what if query.is_whole else several)
    if query.customer:
        found.append(AuditEntry.customer_id.in_(_named(query.customer, days)))
    if query.listed_id:
        found.append(_lists(session, query.listed_id))
    if query.thing:
        found.append(_about(query.thing))
    return found


def _named(customer: str, days: tuple[Any, Any]) -> Select[Any]:
    """Ids of customers whose name begins so in lines of these days."""
    begins = func.lower(AuditEntry.entity_label).startswith(customer.casefold(), autoescape=True)
    return select(AuditEntry.customer_id).where(*days, AuditEntry.entity == _CUSTOMER, begins)


def within(since: date, until: date) -> tuple[Any, Any]:
    return AuditEntry.at >= day_start(since), AuditEntry.at < day_start(until + timedelta(days=1))


def _between(query: AuditQuery) -> tuple[Any, Any]:
    first, last = within(query.since, query.until)
    if query.begins is not None:
        first = AuditEntry.at >= at_local(query.since, query.begins.hour, query.begins.minute)
    if query.ends is not None:
        last = AuditEntry.at < at_local(query.until, query.ends.hour, query.ends.minute) + timedelta(minutes=1)
    return first, last


def _among(column: Any, values: Sequence[Any]) -> Any:
    if not values:
        return false()
    return column == values[0] if len(values) == 1 else column.in_(values)


def _lists(session: Session, key: UUID) -> Any:
    if session.get_bind().dialect.name == "postgresql":
        return cast(AuditEntry.ids, JSONB).contains([key.hex])
    return cast(AuditEntry.ids, String).contains(f'"{key.hex}"', autoescape=True)


def people(session: Session, who: str = "") -> list[tuple[UUID, str]]:
    """(id, name) of everybody who has ever written a line and whose last name there contains `who`, by name.

    Goes from one person to the next along the index, however many lines each has.
    """
    lines = METADATA.tables[AuditEntry.__tablename__]
    entry, after = lines.alias("entry"), lines.alias("after")
    first = select(entry.c.actor_id).where(entry.c.actor_id.is_not(None)).order_by(entry.c.actor_id).limit(1)
    each = select(first.scalar_subquery().label("id")).cte("each_person", recursive=True)
    following = select(after.c.actor_id).where(after.c.actor_id > each.c.id).order_by(after.c.actor_id).limit(1)
    each = each.union_all(select(following.scalar_subquery()).where(each.c.id.is_not(None)))
    last = aliased(AuditEntry)
    name = select(last.actor_label).where(last.actor_id == each.c.id).order_by(last.at.desc(), last.id.desc()).limit(1)
    named = select(each.c.id, name.scalar_subquery().label("name")).where(each.c.id.is_not(None)).subquery("named")
    found = select(named.c.id, named.c.name).order_by(func.lower(named.c.name), named.c.id)
    if who:
        found = found.where(func.lower(named.c.name).contains(who.casefold(), autoescape=True))
    return [(row.id, row.name) for row in session.execute(found)]


def name_of(session: Session, actor_id: UUID) -> str:
    """What their latest line calls somebody."""
    found = select(AuditEntry.actor_label).where(AuditEntry.actor_id == actor_id)
    return session.scalar(found.order_by(AuditEntry.at.desc()).limit(1)) or ""


def label_of(session: Session, customer_id: UUID) -> str:
    """What the latest line about a customer calls it."""
    found = (
        select(AuditEntry.entity_label)
        .where(AuditEntry.customer_id == customer_id, AuditEntry.entity == _CUSTOMER)
        .order_by(AuditEntry.at.desc())
        .limit(1)
    )
    return session.scalar(found) or ""


def _id(thing: str) -> UUID | None:
    try:
        return UUID(thing)
    except ValueError:
        return None


def _about(thing: str) -> Any:
    key = _id(thing)
    if key is None:
        return or_(
            func.lower(AuditEntry.entity_label).startswith(thing.casefold(), autoescape=True),
            AuditEntry.entity == thing,
        )
    return or_(AuditEntry.entity_id == key, AuditEntry.customer_id == key)
