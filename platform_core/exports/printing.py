"""Paper: with a reason, within a cap of its own, written down, and marked with who printed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps.limits import DEFAULTS, PRINT, cap_of
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.exports import sources
from platform_core.exports.models import Paper, Printed
from platform_core.exports.sources import Source, Table
from platform_core.guard import canaries
from platform_core.kernel.clock import now, today
from platform_core.kernel.errors import Conflict, Forbidden, NotFound
from platform_core.kernel.i18n import translator
from platform_core.users.models import User
from platform_core.web import formats

_ = translator("exports")
OPEN_FOR = timedelta(minutes=15)
MOST = 500
"""Rows on paper"""


class Printing(msgspec.Struct, kw_only=True):
    """What is printed, as in a request for a file, and why."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]
    query: Annotated[str, msgspec.Meta(max_length=4000)] = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    paper: Paper
    source: Source
    conditions: list[str]
    table: Table


def prepare(session: Session, actor: Actor, data: Printing) -> Paper:
    """Counts the customers that will be on it. Raises Forbidden where they would be more than the cap."""
    source = sources.find(session, actor, data.source)
    query = source.query(session, actor, data.query)
    columns = [item.key for item in source.columns(session, actor) if item.chosen]
    table = source.read(session, actor, query, columns, MOST)
    if table.cut:
        raise Conflict(_("Paper takes at most %(most)d rows. Narrow the list first.", most=MOST))
    paper = Paper(user_id=actor.user_id, source=source.key, query=query, columns=columns, reason=data.reason.strip())
    session.add(paper)
    session.flush()  # the audit line names its id
    _count(session, actor, table.customers)
    after = {"what": source.key, "conditions": source.conditions(session, actor, query), "rows": len(table.rows)}
    audit.record(
        session, actor, "exports.print", _ref(paper, source), ids=table.customers, after=after, reason=paper.reason,
        shown=False,
    )  # fmt: skip
    canaries.taken(session, actor, table.customers, "exports.print")
    return paper


def sheet(session: Session, actor: Actor, paper_id: UUID) -> Sheet:
    """The rows as they are now. Raises NotFound for somebody else's and once the time is over."""
    paper = session.get(Paper, paper_id)
    if paper is None or paper.user_id != actor.user_id or paper.at < now() - OPEN_FOR:
        raise NotFound(_("This page for printing is over. Print again from the list."))
    source = sources.find(session, actor, paper.source)
    table = source.read(session, actor, paper.query, paper.columns, MOST)
    _count(session, actor, table.customers)
    audit.record(
        session, actor, "exports.paper", _ref(paper, source), ids=table.customers, after={"rows": len(table.rows)},
        shown=False,
    )  # fmt: skip
    canaries.taken(session, actor, table.customers, "exports.paper")
    return Sheet(paper, source, source.conditions(session, actor, paper.query), table)


def text(value: Any) -> str:
    """A cell as paper shows it."""
    if value is None:
        return ""
    return formats.exact(value) if isinstance(value, date) else str(value)


def _ref(paper: Paper, source: Source) -> EntityRef:
    return EntityRef("exports", "paper", paper.id, source.title)


def _count(session: Session, actor: Actor, customers: Sequence[UUID]) -> None:
    """Different customers on a day. Prints of one person take turns, so that the number is exact."""
    if not customers:
        return
    session.execute(select(User.id).where(User.id == actor.user_id).with_for_update(key_share=True))
    mine: Any = (Printed.user_id == actor.user_id,)
    latest = session.scalar(select(func.max(Printed.day)).where(*mine))
    day = max(latest, today()) if latest else today()  # a clock that was set back hands out no second cap
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    rows = [{"user_id": actor.user_id, "day": day, "customer_id": key} for key in customers]
    session.execute(insert(Printed).on_conflict_do_nothing(), rows)
    printed = select(func.count()).where(*mine, Printed.day == day).scalar_subquery()
    used, cap = session.execute(
        select(printed, cap_of(DEFAULTS[PRINT])), {"user_id": actor.user_id, "counter": PRINT, "now": now()}
    ).one()
    if used > cap:
        raise Forbidden(
            _(
                "That would be %(used)d customers on paper today; %(cap)d are allowed. Narrow the list, or ask for a "
                "file, which somebody approves.",
                used=used, cap=cap,
            )
        )  # fmt: skip
