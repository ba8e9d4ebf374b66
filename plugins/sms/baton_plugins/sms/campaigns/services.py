"""Preparing a mass message, letting a second person approve it, and putting it into the outbox slice by slice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from baton_plugins.sms import queries as templates
from baton_plugins.sms import rendering
from baton_plugins.sms.campaigns import judging
from baton_plugins.sms.campaigns.judging import OWN, Judge, Judged
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from baton_plugins.sms.campaigns.policies import APPROVE, MASS, SEND
from baton_plugins.sms.carriers import Carriers
from msgspec import Meta
from sqlalchemy import delete, func, insert, literal, select

from platform_core.api import (
    Actor,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Session,
    Setting,
    at_local,
    customer_audience,
    dictionaries,
    enqueue,
    get_batch,
    mark_lines,
    new_id,
    notify,
    now,
    proven,
    read_setting,
    record,
    right_holders,
    today,
    translator,
)
from platform_core.api.messages import OutboxMessage, Outgoing, change_messages, send_messages

_ = translator("sms")
JOB = "sms.expand"
PURPOSES = "privacy.purposes"
SLICE = 500
MOST = 200_000
PATIENCE = timedelta(days=3)
"""How long its messages may wait for hours, accounts and their rates"""
_MESSAGES = proven("messages of a mass message whose lines the caller reads within the actor's scope")


def _check_number(number: int) -> str:
    return "" if 0 <= number <= MOST else _("Write a number from 0 to %(most)s.", most=MOST)


APPROVE_ABOVE = Setting(
    "sms.approve_above",
    _.lazy("Recipients of a mass message above which a second person approves it"),
    100,
    check=_check_number,
)


class CampaignInput(msgspec.Struct, kw_only=True):
    """`not_before`: when the first message may leave (without a zone: the house's); else at once, within the hours."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    text: Annotated[str, Meta(max_length=1600)]
    purpose: Annotated[str, Meta(max_length=60)]
    template_id: UUID | None = None
    not_before: datetime | None = None


def get(session: Session, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """Raises NotFound when there is none or none for this actor."""
    missing = _("There is no such mass message, or not for you.")
    return get_batch(session, Campaign, campaign_id, missing, lock=lock)


def begin(session: Session, actor: Actor, audience: customer_audience.Audience) -> Campaign:
    """Put its recipients down, so that everybody speaks of the same. Raises Invalid, Forbidden, NotFound."""
    if not (actor.can(MASS) and actor.may_enter(SEND)):
        raise Forbidden(_("You may not write to many customers at once."), lacks=MASS)
    campaign = Campaign(
        id=new_id(), name=_("Message of %(day)s", day=today().isoformat()), by_id=actor.user_id, by_label=actor.name,
        conditions=audience.conditions,
    )  # fmt: skip
    session.add(campaign)
    session.flush()  # its lines refer to it
    chosen = audience.ids.order_by(None).limit(MOST + 1).subquery()
    number = func.row_number().over(order_by=chosen.c.id)
    lines = select(literal(campaign.id), number, chosen.c.id)
    whom = proven("the audience carries the actor's scope")
    filled = insert(CampaignLine).from_select(["campaign_id", "number", "customer_id"], lines)
    session.execute(filled, execution_options=whom)
    counted = select(func.count()).where(CampaignLine.campaign_id == campaign.id)
    campaign.total = session.scalar(counted, execution_options=OWN) or 0
    if not campaign.total:
        raise NotFound(_("There is no such customer, or not for you."))
    if campaign.total > MOST:
        raise Invalid(_("At most %(limit)s customers at once. Add a condition to the list.", limit=MOST))
    after = {"number": campaign.total, **({"conditions": audience.conditions} if audience.conditions else {})}
    record(session, actor, "sms.campaign_draft", campaign.ref, after=after)
    return campaign


def choose(session: Session, actor: Actor, campaign_id: UUID, data: CampaignInput) -> Campaign:
    """Say what is sent, and look at what would happen. Raises Invalid at the field."""
    campaign = _own(session, actor, campaign_id, "draft")
    if data.purpose not in dict(dictionaries.choices(session, PURPOSES)):
        raise Invalid(_("Please check the marked fields."), fields={"purpose": _("Please choose from the list.")})
    starts = data.not_before
    if starts is not None and starts.tzinfo is None:
        starts = at_local(starts.date(), starts.hour, starts.minute)
    if starts is not None and starts > now() + timedelta(days=365):
        raise Invalid(_("Please check the marked fields."), fields={"not_before": _("Within a year.")})
    template = templates.template(session, data.template_id) if data.template_id else None
    campaign.name, campaign.body, campaign.purpose = data.name.strip(), data.text.strip(), data.purpose
    campaign.template_id = template.id if template is not None else None
    campaign.not_before = starts
    Carriers(session, campaign.purpose).require_approved(judging.codes_of(session, campaign), mainland=[True, False])
    campaign.preview = msgspec.to_builtins(judging.tally(session, actor, campaign))
    after = {"number": campaign.total, "going": campaign.preview["going"]}
    record(session, actor, "sms.campaign_preview", campaign.ref, after=after)
    return campaign


def _own(session: Session, actor: Actor, campaign_id: UUID, state: str) -> Campaign:
    campaign = get(session, campaign_id, lock=True)
    if campaign.by_id != actor.user_id or not actor.can(MASS):
        raise Forbidden(_("Only %(name)s, who prepares this message, can go on with it.", name=campaign.by_label))
    if campaign.state != state:
        raise Conflict(_("This message has gone on already. Reload the page."))
    return campaign


def discard(session: Session, actor: Actor, campaign_id: UUID) -> None:
    campaign = _own(session, actor, campaign_id, "draft")
    record(session, actor, "sms.campaign_discard", campaign.ref)
    plain = {**OWN, "synchronize_session": False}
    session.execute(delete(CampaignLine).where(CampaignLine.campaign_id == campaign.id), execution_options=plain)
    session.delete(campaign)


def needs_approval(session: Session, campaign: Campaign) -> bool:
    return int(campaign.preview.get("going", 0)) > read_setting(session, APPROVE_ABOVE)


def submit(session: Session, actor: Actor, campaign_id: UUID, version: int | None = None) -> Campaign:
    """Send it, or ask a second person to. `version`: of the message when its preview was shown. Raises Conflict."""
    campaign = _own(session, actor, campaign_id, "draft")
    if version is not None and version != campaign.version:
        raise Conflict(_("The preview has changed since. Look at it again."))
    if not campaign.preview.get("going"):
        raise Invalid(_("Nobody would get this message."))
    campaign.submitted_at, campaign.refusal = now(), ""
    record(session, actor, "sms.campaign_submit", campaign.ref, after={"number": campaign.preview["going"]})
    if not needs_approval(session, campaign):
        _start(session, campaign)
        return campaign
    campaign.state = "waiting"
    approvers = [holder.actor.user_id for holder in right_holders(session, [APPROVE])]
    people = [key for key in approvers if key != actor.user_id]
    _tell(session, people, "%(name)s asks you to approve a message to many customers.", actor.name, campaign)
    return campaign


def _tell(session: Session, people: list[UUID], message: str, name: str, campaign: Campaign) -> None:
    notify(session, people, "sms", message, {"name": name}, url=campaign.url, icon="message")


def decide(session: Session, actor: Actor, campaign_id: UUID, *, approved: bool, reason: str = "") -> Campaign:
    """Of somebody else's message that waits. Raises Forbidden, Conflict, and Invalid for a no without a reason."""
    campaign = get(session, campaign_id, lock=True)
    if not actor.can(APPROVE):
        raise Forbidden(_("You may not approve messages to many customers."), lacks=APPROVE)
    if campaign.by_id == actor.real.user_id:
        raise Forbidden(_("Somebody else has to approve what you have prepared."), lacks=APPROVE)
    if campaign.state != "waiting":
        raise Conflict(_("This message has gone on already. Reload the page."))
    if not approved and not reason.strip():
        raise Invalid(_("Please check the marked fields."), fields={"reason": _("Please fill this in.")})
    campaign.decided_by, campaign.decided_at = actor.name, now()
    verb = "sms.campaign_approve" if approved else "sms.campaign_refuse"
    record(session, actor, verb, campaign.ref, after={"number": campaign.preview["going"]}, reason=reason.strip())
    if approved:
        _start(session, campaign)
        _tell(session, [campaign.by_id], "%(name)s has approved your message to many customers.", actor.name, campaign)
    else:
        campaign.state, campaign.refusal = "draft", reason.strip()[:200]
        _tell(session, [campaign.by_id], "%(name)s has not approved your message to many customers.", actor.name,
              campaign)  # fmt: skip
    return campaign


def withdraw(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    """Back from whoever was to approve it, to change it."""
    campaign = _own(session, actor, campaign_id, "waiting")
    campaign.state = "draft"
    record(session, actor, "sms.campaign_withdraw", campaign.ref)
    return campaign


def _start(session: Session, campaign: Campaign) -> None:
    campaign.state = "running"
    arguments = {"campaign_id": str(campaign.id)}
    campaign.job_id = enqueue(session, JOB, arguments, user_id=campaign.by_id)


def step_on(session: Session, actor: Actor, campaign: Campaign) -> int:
    """Put the next recipients into the outbox; how many lines were looked at. The call that finds none settles it."""
    judge = Judge(session, actor, campaign)
    rows = judge.judged(0, SLICE, waiting=True)
    if not rows:
        campaign.state, campaign.finished_at = "done", now()
        after = {"going": campaign.queued, "left_out": campaign.left_out}
        record(session, actor, "sms.campaign_finish", campaign.ref, after=after)
        return 0
    sent, held = _put(session, actor, campaign, [row for row in rows if row.rendered is not None])
    done: list[dict[str, Any]] = []
    for row in rows:
        message_id = sent.get(row.number)
        why = "" if message_id else row.why or ("duplicate" if _key(campaign, row) in held else "malformed")
        state = "queued" if message_id else "left"
        done.append({"number": row.number, "state": state, "why": why, "message_id": message_id})
    mark_lines(session, CampaignLine, ("campaign_id", campaign.id), done, OWN)
    record(session, actor, "sms.campaign_send", campaign.ref, ids=_reached(rows, sent), shown=False)
    queued = len(sent)
    campaign.queued += queued
    campaign.left_out += len(done) - queued
    return len(rows)


def _reached(rows: list[Judged], sent: dict[int, UUID]) -> list[UUID]:
    return [row.customer_id for row in rows if row.number in sent]


def _put(session: Session, actor: Actor, campaign: Campaign, rows: list[Judged]) -> tuple[dict[int, UUID], set[str]]:
    """Line -> its message, of those whose number had none of this mass message yet; and the keys that there are."""
    codes = judging.codes_of(session, campaign)
    starts = max(campaign.not_before or now(), now())
    messages = {
        _key(campaign, row): Outgoing(
            key=_key(campaign, row), channel="sms", owner="sms", text=row.rendered.text, point_id=row.point_id,
            purpose=campaign.purpose, lane="bulk", customer_id=row.customer_id, batch_id=campaign.id,
            not_before=starts, expires_at=starts + PATIENCE, parts=row.rendered.parts,
            templates=rendering.handed(codes, row.rendered),
        )
        for row in rows
        if row.rendered is not None
    }  # fmt: skip
    made = set(_sent(session, actor, list(messages.values())))
    mine = select(OutboxMessage.key, OutboxMessage.id).where(OutboxMessage.key.in_(messages))
    ids: dict[str, UUID] = dict(session.execute(mine, execution_options=_MESSAGES).all())
    sent = {row.number: found for row in rows if (found := ids.get(_key(campaign, row))) and found in made}
    return sent, set(ids)


def _sent(session: Session, actor: Actor, messages: list[Outgoing]) -> list[UUID]:
    """One number that cannot be read, or has gone this moment, costs its own message and no other."""
    try:
        return send_messages(session, actor, messages)
    except (Invalid, NotFound):
        if len(messages) == 1:
            return []
        half = len(messages) // 2
        return _sent(session, actor, messages[:half]) + _sent(session, actor, messages[half:])


def _key(campaign: Campaign, row: Judged) -> str:
    """What it means: this text to this number, whatever customer it stands with."""
    return f"camp:{campaign.id}:{row.point_hash}"


def _keeper(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    """Who prepared it stops it, and so does who approves such messages."""
    campaign = get(session, campaign_id, lock=True)
    if campaign.by_id != actor.user_id and not actor.can(APPROVE):
        raise Forbidden(_("Only %(name)s and who approves such messages can do that.", name=campaign.by_label))
    return campaign


def pause(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    """What a worker holds at this moment goes out, nothing else."""
    campaign = _keeper(session, actor, campaign_id)
    if campaign.state not in {"running", "done"}:
        raise Conflict(_("This message has gone on already. Reload the page."))
    campaign.state = "paused"
    change_messages(session, actor, campaign.id, "pause")
    record(session, actor, "sms.campaign_pause", campaign.ref)
    return campaign


def resume(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    campaign = _keeper(session, actor, campaign_id)
    if campaign.state != "paused":
        raise Conflict(_("This message has gone on already. Reload the page."))
    change_messages(session, actor, campaign.id, "resume")
    record(session, actor, "sms.campaign_resume", campaign.ref)
    _start(session, campaign)
    return campaign


def cancel(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    """What has left stays with its customers; nothing else leaves."""
    campaign = _keeper(session, actor, campaign_id)
    if campaign.state not in {"waiting", "running", "paused", "done"}:
        raise Conflict(_("This message has gone on already. Reload the page."))
    campaign.state, campaign.finished_at = "cancelled", now()
    number = change_messages(session, actor, campaign.id, "cancel")
    record(session, actor, "sms.campaign_cancel", campaign.ref, after={"number": number})
    return campaign


def retry(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    """Start the job again that has failed for good; it goes on where it stopped."""
    campaign = _keeper(session, actor, campaign_id)
    if campaign.state != "running":
        raise Conflict(_("This message is not stuck."))
    _start(session, campaign)
    return campaign
