"""JSON: one text to many customers, from the choice of recipients to the report."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from baton_plugins.sms.campaigns import queries, services
from baton_plugins.sms.campaigns.models import Campaign
from baton_plugins.sms.campaigns.policies import APPROVE
from baton_plugins.sms.campaigns.routes import VIEW
from baton_plugins.sms.campaigns.services import CampaignInput

from platform_core.api import (
    Actor,
    Cursor,
    Invalid,
    Items,
    Limit,
    Session,
    customer_audience,
    decode_cursor,
    delete,
    encode_cursor,
    get,
    post,
    put,
    record,
    translator,
)

_ = translator("sms")
_ONE = "/campaigns/{campaign_id:uuid}"
_Ids = Annotated[list[UUID], msgspec.Meta(max_length=10_000)]


class AudienceInput(msgspec.Struct, kw_only=True):
    """Either `customer_ids`, or `conditions` as the customer list's address has them (`group:is:<id>`)."""

    customer_ids: _Ids = []
    conditions: list[str] = []
    any_of: bool = False


class VersionInput(msgspec.Struct, kw_only=True):
    """`version`: of the message whose preview you have read."""

    version: int


class DecisionInput(msgspec.Struct, kw_only=True):
    """A no takes a reason."""

    approved: bool
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class CampaignOut(msgspec.Struct, kw_only=True):
    """`state`: draft, waiting, running, paused, done, cancelled. `left` is why customers (would) get nothing.

    `going`, `parts` and `cents` are of the preview; `results` counts recipients by state once it is on its way.
    """

    id: UUID
    name: str
    state: str
    total: int
    going: int
    parts: int
    cents: int
    left: dict[str, int]
    queued: int
    left_out: int
    results: dict[str, int]
    not_before: datetime | None
    finished_at: datetime | None
    version: int


class RecipientOut(msgspec.Struct, kw_only=True):
    """`state`: pending, left (see `reason`), or that of the message."""

    number: int
    customer_id: UUID
    name: str
    mask: str
    state: str
    reason: str


def _out(session: Session, campaign: Campaign) -> CampaignOut:
    session.flush()  # the answer shows the version that a later step has to name
    seen, is_open = campaign.preview, campaign.state in {"draft", "waiting"}
    return CampaignOut(
        id=campaign.id, name=campaign.name, state=campaign.state, total=campaign.total, going=seen.get("going", 0),
        parts=seen.get("parts", 0), cents=seen.get("cents", 0), queued=campaign.queued, left_out=campaign.left_out,
        left=seen.get("left", {}) if is_open else queries.reasons(session, campaign),
        results={} if is_open else queries.counted(session, campaign), not_before=campaign.not_before,
        finished_at=campaign.finished_at, version=campaign.version,
    )  # fmt: skip


@get("/campaigns", permission=VIEW, name="sms:api_campaigns")
def listed(session: Session, cursor: Cursor = "", limit: Limit = 50) -> Items[CampaignOut]:
    """Mass messages that you see, newest first; without the counts of single ones."""
    before = UUID(str(decode_cursor(cursor, 1)[0])) if cursor else None
    found, following = queries.page_of(session, before, limit)
    shown = [
        CampaignOut(
            id=item.id, name=item.name, state=item.state, total=item.total, going=item.preview.get("going", 0),
            parts=item.preview.get("parts", 0), cents=item.preview.get("cents", 0), queued=item.queued,
            left_out=item.left_out, left={}, results={}, not_before=item.not_before, finished_at=item.finished_at,
            version=item.version,
        )
        for item in found
    ]  # fmt: skip
    return Items(shown, encode_cursor([following]) if following else None)


@post("/campaigns", permission="sms.mass", name="sms:api_campaign_begin")
def begin(session: Session, actor: Actor, data: AudienceInput) -> CampaignOut:
    """Put the recipients down. Nothing is sent yet: choose a text next."""
    if bool(data.customer_ids) == bool(data.conditions):
        raise Invalid(_("Name either customers or conditions."))
    if data.customer_ids:
        audience = customer_audience.of_ids(actor, data.customer_ids)
    else:
        audience = customer_audience.of_conditions(session, actor, data.conditions, any_of=data.any_of)
    return _out(session, services.begin(session, actor, audience))


@get(_ONE, permission=VIEW, name="sms:api_campaign")
def show(session: Session, campaign_id: UUID) -> CampaignOut:
    """How far a mass message has come."""
    return _out(session, services.get(session, campaign_id))


@put(_ONE, permission="sms.mass", name="sms:api_campaign_choose")
def choose(session: Session, actor: Actor, campaign_id: UUID, data: CampaignInput) -> CampaignOut:
    """Say what is sent; the answer says who would get it, who would not and why, and what it would cost."""
    return _out(session, services.choose(session, actor, campaign_id, data))


@post(f"{_ONE}/submit", permission="sms.mass", name="sms:api_campaign_submit")
def submit(session: Session, actor: Actor, campaign_id: UUID, data: VersionInput) -> CampaignOut:
    """Send it; to many recipients only after a second person has approved it."""
    return _out(session, services.submit(session, actor, campaign_id, data.version))


@post(f"{_ONE}/decide", permission=APPROVE, name="sms:api_campaign_decide")
def decide(session: Session, actor: Actor, campaign_id: UUID, data: DecisionInput) -> CampaignOut:
    """Approve somebody else's mass message, or give it back."""
    return _out(session, services.decide(session, actor, campaign_id, approved=data.approved, reason=data.reason))


@post(f"{_ONE}/pause", permission=VIEW, name="sms:api_campaign_pause")
def pause(session: Session, actor: Actor, campaign_id: UUID) -> CampaignOut:
    """Nothing more leaves until it is resumed."""
    return _out(session, services.pause(session, actor, campaign_id))


@post(f"{_ONE}/resume", permission=VIEW, name="sms:api_campaign_resume")
def resume(session: Session, actor: Actor, campaign_id: UUID) -> CampaignOut:
    """Let a paused mass message go on."""
    return _out(session, services.resume(session, actor, campaign_id))


@post(f"{_ONE}/cancel", permission=VIEW, name="sms:api_campaign_cancel")
def cancel(session: Session, actor: Actor, campaign_id: UUID) -> CampaignOut:
    """What has not left does not leave any more."""
    return _out(session, services.cancel(session, actor, campaign_id))


@delete(_ONE, permission="sms.mass", name="sms:api_campaign_discard")
def discard(session: Session, actor: Actor, campaign_id: UUID) -> None:
    """Forget a mass message that was not sent."""
    services.discard(session, actor, campaign_id)


@get(f"{_ONE}/recipients", permission=VIEW, name="sms:api_campaign_recipients")
def recipients(
    session: Session, actor: Actor, campaign_id: UUID, result: str = "", cursor: Cursor = "", limit: Limit = 50
) -> Items[RecipientOut]:
    """What became of it for each customer that you see, in the order in which they were put down.

    `result`: only those in this state.
    """
    campaign = services.get(session, campaign_id)
    after = int(str(decode_cursor(cursor, 1)[0])) if cursor else 0
    found, following = queries.rows(session, campaign, state=result, after=after, limit=limit)
    record(session, actor, "sms.campaign_view", campaign.ref, ids=[row.customer_id for row in found])
    shown = [
        RecipientOut(
            number=row.number, customer_id=row.customer_id, name=row.name, mask=row.mask, state=row.state,
            reason=row.why,
        )
        for row in found
    ]  # fmt: skip
    return Items(shown, encode_cursor([following]) if following else None)


HANDLERS = [listed, begin, show, choose, submit, decide, pause, resume, cancel, discard, recipients]
"""Below /api/v1/sms"""
