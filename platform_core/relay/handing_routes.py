"""Handing over: the form with its package, and the page on which the package is read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import opening
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.relay import ledger, packages, queries, services
from platform_core.relay.forms import FinishInput, HandOverInput, PackageInput
from platform_core.relay.going_back import onward
from platform_core.relay.models import Leg
from platform_core.relay.queries import EngagementView
from platform_core.relay.refusals import partial, refuse
from platform_core.users import labels
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_PACKED = "packed"
"""The form's field that says: the package was on it, and may have been changed."""


@get("/engagements/{engagement_id:uuid}/hand-over", permission="relay.handover", name="relay:hand_over_form")
def hand_over_form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID
) -> Response[str]:
    return _form(request, session, actor, engagement_id, initial(HandOverInput, note=""))


def _form(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    engagement_id: UUID,
    bound: Bound[Any],
    status: int = 200,
) -> Response[str]:
    view = queries.view_of(session, engagement_id)
    services.record_view(session, actor, view.engagement)
    active, following = view.in_state("active"), view.following
    if not view.may_hand_over and status == 200:
        raise services.not_holding(active.leg if active else None)
    reasons = services.blockers(session, actor, view.engagement, active.leg) if active and status == 200 else []
    return page(
        request,
        "relay/hand_over.html",
        partial=partial("hand_over", status),
        status=status,
        active="customers",
        view=view,
        customer=ledger.customer_name(session, view.engagement.customer_id),
        form=bound,
        reasons=reasons,
        facts=_facts(request, session, actor, engagement_id),
        people=_receivers(session, following.leg) if following else [],
        proposal=_proposed(session, view, bound),
    )


def _receivers(session: Session, leg: Leg) -> list[tuple[str, str]]:
    keys = set(session.scalars(ledger.receivers(leg.department_id)))
    people = labels.labels(session, keys).people
    return [(key, name) for name, key in sorted((people[key].name, str(key)) for key in keys if key in people)]


def _proposed(session: Session, view: EngagementView, bound: Bound[Any]) -> packages.Proposal | None:
    """The package, with what was typed in place of what was composed."""
    if view.following is None:
        return None
    proposal = packages.propose(session, view.engagement, view.following.leg)
    if proposal is not None and _PACKED not in bound.values:
        chosen = proposal.chosen
        bound.values |= {"said": chosen.said, "promised": chosen.promised}
        bound.values |= {"plans": [str(key) for key in chosen.plans], "files": [str(key) for key in chosen.files]}
    return proposal


@post("/engagements/{engagement_id:uuid}/hand-over", permission="relay.handover", name="relay:hand_over")
def hand_over(
    request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID, form: FormData
) -> Response[str]:
    """Hand over; after the last leg, finish."""
    view = queries.view_of(session, engagement_id)
    bound: Bound[Any] = bind(HandOverInput if view.following else FinishInput, form)
    package = _bind_package(form, bound) if view.following and _PACKED in form else None
    status = 422
    if bound.ok:
        data = msgspec.structs.asdict(bound.require()) | ({"package": package} if package else {})
        verb = services.hand_over if view.following else services.finish
        try:
            verb(session, actor, engagement_id, **data)
            return onward(request, f"/customers/{view.engagement.customer_id}?engagement={engagement_id}")
        except (Invalid, Conflict) as error:
            status = refuse(bound, error)
    return _form(request, session, actor, engagement_id, bound, status)


def _bind_package(form: FormData, bound: Bound[Any]) -> PackageInput | None:
    """The package's fields; their errors and what was typed go into `bound`, the form as a whole."""
    package = bind(PackageInput, form)
    bound.errors |= package.errors
    bound.values |= {name: form.getlist(name) for name in ("plans", "files")}
    return package.value


def _facts(request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID) -> list[Any]:
    found = platform_of(request).hooks.engagement_summary(session, actor, engagement_id)
    return sorted((item.value for item in found), key=lambda fact: fact.order)


@get("/legs/{leg_id:uuid}/package", permission="relay.view", name="relay:package")
def package(request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID) -> Response[str]:
    """All that came with a baton, for whoever takes it over, and for the sender to look up."""
    leg = queries.leg_of(session, leg_id)
    view = queries.view_of(session, leg.engagement_id)
    sent = packages.read(session, leg)
    files = packages.files(session, sent)
    opening.opened(session, actor, EntityRef("relay", "leg", leg.id), leg.customer_id, "relay.package", ids=list(files))
    return page(
        request,
        "relay/package.html",
        active="customers",
        view=view,
        item=next(item for item in view.legs if item.leg.id == leg.id),
        customer=ledger.customer_name(session, leg.customer_id),
        packages=sent,
        files=files,
        facts=_facts(request, session, actor, leg.engagement_id),
    )


HANDLERS = [hand_over_form, hand_over, package]
