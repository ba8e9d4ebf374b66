"""Reading mass messages: the list of them, their report, and the report's rows customer by customer."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple
from uuid import UUID

from baton_plugins.sms.campaigns.judging import OWN, Judge, Judged
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from sqlalchemy import case, func, select

from platform_core.api import Actor, Customer, Invalid, Session, proven
from platform_core.api.messages import OutboxMessage, message_text

PAGE = 50
_LOOKED = 1000
"""Lines looked at for one page of those who would be left out"""
_REPORT = proven("numbers of a mass message that the reader sees, and messages of lines within the reader's scope")
_STATE: Any = case(
    (CampaignLine.state == "queued", func.coalesce(OutboxMessage.state, "gone")), else_=CampaignLine.state
)


class Row(NamedTuple):
    """`state`: pending, left, gone (erased since), or one of the outbox."""

    number: int
    customer_id: UUID
    name: str
    state: str
    why: str
    mask: str
    content: bytes | None


def page_of(session: Session, before: UUID | None = None, limit: int = 30) -> tuple[list[Campaign], UUID | None]:
    """Newest first, and the id to go on from."""
    statement = select(Campaign).order_by(Campaign.id.desc()).limit(limit + 1)
    found = list(session.scalars(statement.where(Campaign.id < before) if before else statement))
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def counted(session: Session, campaign: Campaign) -> dict[str, int]:
    """State -> number of lines, whoever sees them."""
    statement = (
        select(_STATE, func.count())
        .outerjoin(OutboxMessage, OutboxMessage.id == CampaignLine.message_id)
        .where(CampaignLine.campaign_id == campaign.id)
        .group_by(_STATE)
    )
    return {row[0]: row[1] for row in session.execute(statement, execution_options=_REPORT)}


def reasons(session: Session, campaign: Campaign) -> dict[str, int]:
    """Why customers were left out, and how many for each reason."""
    mine = select(CampaignLine.why, func.count()).where(
        CampaignLine.campaign_id == campaign.id, CampaignLine.state == "left"
    )
    return {row[0]: row[1] for row in session.execute(mine.group_by(CampaignLine.why), execution_options=OWN)}


def rows(
    session: Session, campaign: Campaign, *, state: str = "", why: str = "", after: int = 0, limit: int = PAGE
) -> tuple[list[Row], int]:
    """Lines whose customers the reader sees, and the number to go on from (0: no more)."""
    statement = (
        select(
            CampaignLine.number, CampaignLine.customer_id, Customer.name, _STATE.label("state"),
            func.coalesce(func.nullif(CampaignLine.why, ""), OutboxMessage.reason, ""),
            func.coalesce(OutboxMessage.mask, ""), OutboxMessage.content,
        )
        .join(Customer, Customer.id == CampaignLine.customer_id)
        .outerjoin(OutboxMessage, OutboxMessage.id == CampaignLine.message_id)
        .where(CampaignLine.campaign_id == campaign.id, CampaignLine.number > after)
        .order_by(CampaignLine.number)
        .limit(limit + 1)
    )  # fmt: skip
    if state:
        statement = statement.where(state == _STATE)
    if why:
        statement = statement.where(CampaignLine.why == why)
    found = [Row(*row) for row in session.execute(statement)]
    return found[:limit], found[limit - 1].number if len(found) > limit else 0


def left_out(session: Session, actor: Actor, campaign: Campaign, why: str, after: int = 0) -> tuple[list[Judged], int]:
    """Of a message that is not sent yet: who would get nothing, among the next lines; and the number to go on from."""
    judge = Judge(session, actor, campaign)
    if after:
        deque(judge.every(after), maxlen=0)  # which numbers have had it by then
    looked = judge.judged(after, _LOOKED)
    found = [row for row in looked if row.why and row.name and (not why or row.why == why)]
    return found, looked[-1].number if len(looked) == _LOOKED else 0


def samples(session: Session, actor: Actor, campaign: Campaign) -> list[Judged]:
    """The first who would get something, with the text as it arrives, as far as the reader may write to them."""
    numbers: list[int] = campaign.preview.get("samples", [])
    if not numbers:
        return []
    try:
        judge = Judge(session, actor, campaign)
    except Invalid:  # the provider has changed since
        return []
    return [row for row in judge.shown(numbers) if row.rendered is not None]


def text(session: Session, row: Row) -> str:
    return message_text(session, row.content) if row.content else ""
