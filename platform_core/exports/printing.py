"""Paper: with a reason, within a cap of its own, written down, and marked with who printed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
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
from platform_core.exports import addressees, lettering, sources
from platform_core.exports.labelsheets import SHEETS
from platform_core.exports.lists import ListSource
from platform_core.exports.making import PAPER_OPEN_FOR
from platform_core.exports.models import Paper, Printed
from platform_core.exports.sources import Source, Table
from platform_core.guard import canaries
from platform_core.kernel.clock import now, today
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import enqueue
from platform_core.users.models import User
from platform_core.web import formats

_ = translator("exports")
MOST = 500
"""Rows on paper"""
JOB = "exports.paper_file"
FILES = {"labels": "pdf", "letters": "docx"}
"""Kinds that are fetched as a file, and its ending"""
OF_CUSTOMERS = "list:customers"


class Printing(msgspec.Struct, kw_only=True):
    """What is printed, as in a request for a file, and why."""

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]
    query: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    paper: UUID | None = None
    """The draft, where rows were ticked"""
    kind: Literal["table", "addresses", "phones", "labels", "letters"] = "table"
    clear: bool = False
    """Of phones: numbers in full, each of which is revealed"""
    label: str = "L7160"
    first: Annotated[int, msgspec.Meta(ge=1, le=30)] = 1
    """Of labels: the first place that is still free on the first sheet"""
    letter: UUID | None = None
    """Of letters: the template, or the one that the house has anyway"""


@dataclass(frozen=True, slots=True)
class Sheet:
    paper: Paper
    source: Source
    conditions: list[str]
    table: Table


def kinds(source: Source) -> list[str]:
    """What may be made of the rows. What goes to customers, or rings them, is made of customers themselves."""
    return ["table", "addresses", "phones", "labels", "letters"] if source.key == OF_CUSTOMERS else ["table"]


def draft(session: Session, actor: Actor, source_key: str, query: str, ids: Sequence[UUID] | None) -> Paper:
    """Rows that were ticked, or all that meet the conditions, before anybody has said what for."""
    source = sources.find(session, actor, source_key)
    if ids is not None and len(ids) > MOST:
        raise Conflict(_too_many())
    paper = Paper(
        user_id=actor.user_id, source=source.key, query=source.query(session, actor, query), columns=[], reason="",
        state="draft", ids=None if ids is None else [key.hex for key in ids],
    )  # fmt: skip
    session.add(paper)
    session.flush()  # the address of its page is its id
    return paper


def prepare(session: Session, actor: Actor, data: Printing) -> Paper:
    """Counts the customers that will be on it. Raises Forbidden where they would be more than the cap."""
    paper = _begun(session, actor, data)
    source = sources.find(session, actor, paper.source)
    if data.kind not in kinds(source):
        raise Invalid(_("Please check the marked fields."), fields={"kind": _("This cannot be made of these rows.")})
    paper.query = source.query(session, actor, paper.query)
    paper.columns = [item.key for item in source.columns(session, actor) if item.chosen]
    paper.kind, paper.reason, paper.options = data.kind, data.reason.strip(), _options(session, data)
    rows = _rows(session, actor, source, paper)
    if rows.cut:
        raise Conflict(_too_many())
    if data.kind != "table":
        paper.ids = [key.hex for key in rows.customers]  # whoever meets the conditions later was not counted
    paper.state = "making" if data.kind in FILES else "ready"
    _count(session, actor, rows.customers)
    session.flush()  # the audit line names its id
    after: dict[str, Any] = {"what": source.key, "kind": paper.kind, "rows": len(rows.rows)}
    after["conditions"] = source.conditions(session, actor, paper.query)
    audit.record(
        session, actor, "exports.print", ref(paper, source), ids=rows.customers, after=after, reason=paper.reason,
        shown=False,
    )  # fmt: skip
    canaries.taken(session, actor, rows.customers, "exports.print")
    if paper.state == "making":
        if not rows.customers:
            raise Conflict(_("There are no rows to take along."))
        job = enqueue(session, JOB, {"paper": str(paper.id)}, user_id=actor.user_id)
        paper.options = {**(paper.options or {}), "job": job.hex}
    return paper


def mine(session: Session, actor: Actor, paper_id: UUID) -> Paper:
    """Raises NotFound for somebody else's and once the time is over."""
    paper = session.get(Paper, paper_id)
    if paper is None or paper.user_id != actor.user_id or paper.at < now() - PAPER_OPEN_FOR:
        raise NotFound(_("This page for printing is over. Print again from the list."))
    return paper


def sheet(session: Session, actor: Actor, paper: Paper) -> Sheet:
    """The rows as they are now: a page of numbers in full reveals each of them."""
    source = sources.find(session, actor, paper.source)
    table = _rows(session, actor, source, paper)
    _count(session, actor, table.customers)
    options = paper.options or {}
    if paper.kind == "addresses":
        table = addressees.address_list(session, table.customers)
    elif paper.kind == "phones":
        table = addressees.phone_list(session, actor, table.customers, clear=bool(options.get("clear")))
    shown(session, actor, paper, source, table.customers, len(table.rows))
    return Sheet(paper, source, source.conditions(session, actor, paper.query), table)


def customers_of(session: Session, actor: Actor, paper: Paper) -> tuple[Source, Sequence[UUID]]:
    """Of labels and letters: those that the actor still may take along."""
    source = sources.find(session, actor, paper.source)
    return source, _rows(session, actor, source, paper).customers


def shown(session: Session, actor: Actor, paper: Paper, source: Source, customers: Sequence[UUID], number: int) -> None:
    audit.record(
        session, actor, "exports.paper", ref(paper, source), ids=customers, after={"rows": number}, shown=False
    )  # fmt: skip
    canaries.taken(session, actor, customers, "exports.paper")


def text(value: Any) -> str:
    """A cell as paper shows it."""
    if value is None:
        return ""
    return formats.exact(value) if isinstance(value, date) else str(value)


def ref(paper: Paper, source: Source) -> EntityRef:
    return EntityRef("exports", "paper", paper.id, source.title)


def _begun(session: Session, actor: Actor, data: Printing) -> Paper:
    if data.paper is None:
        paper = Paper(user_id=actor.user_id, source=data.source, query=data.query, columns=[], reason="")
        session.add(paper)
        return paper
    paper = mine(session, actor, data.paper)
    if paper.state != "draft":
        raise Conflict(_("This was printed already. Print again from the list."))
    return paper


def _options(session: Session, data: Printing) -> dict[str, Any] | None:
    """Raises Invalid at the field, NotFound."""
    if data.kind == "phones":
        return {"clear": data.clear}
    if data.kind == "letters":
        if data.letter is not None:
            lettering.get(session, data.letter)
        return {"letter": data.letter.hex if data.letter else ""}
    if data.kind != "labels":
        return None
    found = SHEETS.get(data.label)
    wrong = {} if found else {"label": _("There is no such sheet.")}
    if found and data.first > found.each:
        wrong["first"] = _("This sheet has %(each)d labels.", each=found.each)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return {"label": data.label, "first": data.first}


def _rows(session: Session, actor: Actor, source: Source, paper: Paper) -> Table:
    if paper.ids is None:
        return source.read(session, actor, paper.query, paper.columns, MOST)
    if not isinstance(source, ListSource):
        raise NotFound(_("There is nothing of this name that you may take along."))
    return source.read_these(session, actor, [UUID(key) for key in paper.ids], paper.columns)


def _too_many() -> str:
    return _("Paper takes at most %(most)d rows. Narrow the list first.", most=MOST)


def _count(session: Session, actor: Actor, customers: Sequence[UUID]) -> None:
    """Different customers on a day. Prints of one person take turns, so that the number is exact."""
    if not customers:
        return
    session.execute(select(User.id).where(User.id == actor.user_id).with_for_update(key_share=True))
    theirs: Any = (Printed.user_id == actor.user_id,)
    latest = session.scalar(select(func.max(Printed.day)).where(*theirs))
    day = max(latest, today()) if latest else today()  # a clock that was set back hands out no second cap
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    rows = [{"user_id": actor.user_id, "day": day, "customer_id": key} for key in customers]
    session.execute(insert(Printed).on_conflict_do_nothing(), rows)
    printed = select(func.count()).where(*theirs, Printed.day == day).scalar_subquery()
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
