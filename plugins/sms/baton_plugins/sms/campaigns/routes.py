"""Pages of mass messages: every state is one address, from the choice of a text to the report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.sms import queries as templates
from baton_plugins.sms.campaigns import judging, queries, services
from baton_plugins.sms.campaigns.models import Campaign
from baton_plugins.sms.campaigns.policies import APPROVE
from baton_plugins.sms.campaigns.services import PURPOSES, CampaignInput
from baton_plugins.sms.rendering import PLACES

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Session,
    bind,
    customer_audience,
    decode_cursor,
    dictionaries,
    encode_cursor,
    get,
    initial,
    local,
    page,
    post,
    record,
    redirect,
    translator,
)
from platform_core.api.messages import MESSAGE_STATES, message_reason

_ = translator("sms")
VIEW = "sms.view"
_ALL = "/campaigns"
_ONE = f"{_ALL}/{{campaign_id:uuid}}"
HOME = "/sms/campaigns"
_MINUTES = 16
"""Characters of a date and time without seconds"""


@get(_ALL, permission=VIEW, name="sms:campaigns")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor, before: str = "") -> Response[str]:
    found, following = queries.page_of(session, UUID(str(decode_cursor(before, 1)[0])) if before else None)
    return page(
        request, "sms/campaigns.html", active="sms_campaigns", campaigns=found,
        audiences=customer_audience.choices(session, actor) if actor.can("sms.mass") else [],
        next_url=f"{HOME}?before={encode_cursor([following])}" if following else "",
    )  # fmt: skip


@post(_ALL, permission="sms.mass", name="sms:campaign_begin")
def begin(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """To the customers that were ticked in the list, or to all that meet its conditions, a view or a group."""
    return redirect(request, services.begin(session, actor, customer_audience.of_form(session, actor, form)).url)


@get(_ONE, permission=VIEW, name="sms:campaign")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, campaign_id: UUID, template: str = ""
) -> Response[str]:
    """`template` names a template whose text is filled in; `state` and `why` narrow the report's rows."""
    campaign = services.get(session, campaign_id)
    form = _given(session, campaign, template)
    return _page(request, session, actor, campaign, form)


def _given(session: Session, campaign: Campaign, template: str) -> Bound[CampaignInput]:
    text, purpose, template_id = campaign.body, campaign.purpose or "service", campaign.template_id
    if template:
        found = templates.template(session, _id(template))
        text, purpose, template_id = found.body, found.purpose, found.id
    starts = f"{local(campaign.not_before):%Y-%m-%dT%H:%M}" if campaign.not_before else ""
    return initial(
        CampaignInput, name=campaign.name, text=text, purpose=purpose, not_before=starts,
        template_id=str(template_id) if template_id else "",
    )  # fmt: skip


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(_("There is no such template.")) from error


@post(f"{_ONE}/choose", permission="sms.mass", name="sms:campaign_choose")
def choose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, campaign_id: UUID
) -> Response[str]:
    given = form.as_dict()
    starts = given.get("not_before", "")
    bound = bind(CampaignInput, {**given, "not_before": f"{starts}:00" if len(starts) == _MINUTES else starts})
    if bound.ok:
        try:
            return redirect(request, services.choose(session, actor, campaign_id, bound.require()).url)
        except Invalid as error:
            bound.add(error)
    bound.values["not_before"] = starts
    return _page(request, session, actor, services.get(session, campaign_id), bound)


@get(f"{_ONE}/left", permission=VIEW, name="sms:campaign_left")
def left(
    request: Request[Any, Any, Any], session: Session, actor: Actor, campaign_id: UUID, why: str = "", after: int = 0
) -> Response[str]:
    """Who would get nothing, customer by customer, before anything is sent."""
    campaign = services.get(session, campaign_id)
    if not campaign.body:
        raise Conflict(_("Choose a text first."))
    found, following = queries.left_out(session, actor, campaign, why, after)
    record(session, actor, "sms.campaign_view", campaign.ref, ids=[row.customer_id for row in found])
    return page(
        request, "sms/campaign_left.html", active="sms_campaigns", campaign=campaign, lines=found, words=judging.WORDS,
        why=why, next_url=f"{campaign.url}/left?why={why}&after={following}" if following else "",
    )  # fmt: skip


@post(f"{_ONE}/submit", permission="sms.mass", name="sms:campaign_submit")
def submit(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, campaign_id: UUID
) -> Response[str]:
    found = services.submit(session, actor, campaign_id, form.number("version"))
    return redirect(request, found.url)


@post(f"{_ONE}/decide", permission=APPROVE, name="sms:campaign_decide")
def decide(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, campaign_id: UUID
) -> Response[str]:
    """`verdict`: yes, or no with a `reason`."""
    try:
        approved = form.get("verdict") == "yes"
        found = services.decide(session, actor, campaign_id, approved=approved, reason=form.get("reason"))
    except Invalid as error:
        found = services.get(session, campaign_id)
        return _page(request, session, actor, found, _given(session, found, "").add(error))
    return redirect(request, found.url)


_ACTS = {
    "withdraw": services.withdraw, "pause": services.pause, "resume": services.resume, "cancel": services.cancel,
    "retry": services.retry,
}  # fmt: skip


@post(f"{_ONE}/{{act:str}}", permission=VIEW, name="sms:campaign_act")
def act(request: Request[Any, Any, Any], session: Session, actor: Actor, campaign_id: UUID, act: str) -> Response[str]:
    """withdraw, pause, resume, cancel, retry or discard: services say who may."""
    if act == "discard":
        services.discard(session, actor, campaign_id)
        return redirect(request, HOME, Notice(_("Nothing was sent.")))
    if act not in _ACTS:
        raise Invalid(_("This form is not whole. Reload the page."))
    return redirect(request, _ACTS[act](session, actor, campaign_id).url)


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, campaign: Campaign, form: Bound[CampaignInput]
) -> Response[str]:
    asked = request.query_params
    state, why, after = asked.get("state", ""), asked.get("why", ""), asked.get("after", "")
    is_open = campaign.state in {"draft", "waiting"}
    samples = queries.samples(session, actor, campaign) if is_open else []
    lines, following = ([], 0) if is_open else queries.rows(
        session, campaign, state=state, why=why, after=int(after) if after.isdecimal() else 0
    )  # fmt: skip
    counts = {} if is_open else queries.counted(session, campaign)
    shown = [row.customer_id for row in samples] + [row.customer_id for row in lines]
    record(session, actor, "sms.campaign_view", campaign.ref, ids=shown)
    mine = campaign.by_id == actor.user_id
    return page(
        request, "sms/campaign.html", partial="sms/_campaign.html", active="sms_campaigns",
        status=422 if form.errors else 200, campaign=campaign, form=form, mine=mine, samples=samples, lines=lines,
        counts=counts, reasons={} if is_open else queries.reasons(session, campaign), words=judging.WORDS,
        states=MESSAGE_STATES, reason=message_reason, places=PLACES, text=lambda row: queries.text(session, row),
        purposes=dictionaries.choices(session, PURPOSES),
        templates=[(str(item.id), item.name) for item in templates.templates(session)] if mine and is_open else [],
        may_approve=actor.can(APPROVE) and not mine, may_stop=mine or actor.can(APPROVE),
        asks=is_open and services.needs_approval(session, campaign),
        conditions=customer_audience.in_words(session, actor, campaign.conditions),
        busy=campaign.state == "running" or bool({"queued", "sending"} & set(counts)),
        next_url=f"{campaign.url}?state={state}&why={why}&after={following}" if following else "",
    )  # fmt: skip


HANDLERS = [index, begin, show, choose, left, submit, decide, act]
