"""Putting customers into a team: one from its menu, or those that were selected in the list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import counting
from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, opening, outputs, queries, rights, selecting, services, teaming
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.outputs import CustomerOut
from platform_core.customers.teaming import TeamChoice
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.apis import Items
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import redirect
from platform_core.web.routing import get, post, put

_ = translator("customers")
_VIEW = "customers.view"
_ONE = "/customers/{customer_id:uuid}/team"
MANY = "/customers/teams"


class TeamOut(msgspec.Struct):
    id: UUID
    name: str


@get(_ONE, permission=_VIEW, name="customers:team")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = queries.get(session, customer_id)
    if not teaming.may(actor, customer):
        raise rights.refusal(customer)
    opening.opened(session, actor, services.ref(customer), customer_id)
    form: Bound[TeamChoice] = Bound(values={"team_id": str(customer.team_id or "")})
    return _form(request, session, actor, customer_id, form)


@post(_ONE, permission=_VIEW, name="customers:set_team")
def choose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    bound = bind(TeamChoice, form)
    try:
        teaming.assign(session, actor, customer_id, bound.require())
    except Invalid as error:
        return _form(request, session, actor, customer_id, bound.add(error), status=422)
    return redirect(request, f"/customers/{customer_id}", Notice(_("Saved. It acts on everybody's next page.")))


def _form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: Bound[TeamChoice], *,
    status: int = 200,
) -> Response[str]:  # fmt: skip
    return drawing.form_page(
        request, "customers/_team_form.html", _("Team"), status=status, url=f"/customers/{customer_id}/team",
        back=f"/customers/{customer_id}", ids=[], form=form, teams=teaming.choices(session, actor),
    )  # fmt: skip


@post(MANY, permission=_VIEW, name="customers:team_many", opt={"unkept": True})
def ask(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Which team, for the selected `ids`; what is not the actor's to decide is named with whom to ask."""
    return _many(request, session, actor, form, Bound())


@post(f"{MANY}/set", permission=_VIEW, name="customers:set_team_many")
def choose_many(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(TeamChoice, form)
    try:
        number = teaming.assign_all(session, actor, _ids(session, actor, form), bound.require())
    except Invalid as error:
        return _many(request, session, actor, form, bound.add(error), status=422)
    told = _.ngettext("%(num)d customer has another team now.", "%(num)d customers have another team now.", number)
    return redirect(request, "/customers", Notice(told))


def _ids(session: Session, actor: Actor, form: FormData) -> list[UUID]:
    return selecting.chosen(session, actor, CUSTOMERS, form, teaming.MOST).ids


def _many(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, bound: Bound[TeamChoice], *,
    status: int = 200,
) -> Response[str]:  # fmt: skip
    found = teaming.sort(session, actor, _ids(session, actor, form))
    audit.record(session, actor, "customers.team_ask", ids=[customer.id for customer in (*found.able, *found.refused)])
    return drawing.form_page(
        request, "customers/_team_many.html", _("Put into a team"), status=status, form=bound, found=found,
        teams=teaming.choices(session, actor), url=f"{MANY}/set", back="/customers",
        ids=[customer.id for customer in found.able],
        ask=[rights.whom_to_ask(session, customer) for customer in found.refused[:1]],
    )  # fmt: skip


@put("/{customer_id:uuid}/team", permission=_VIEW, name="customers:api_team")
def put_team(session: Session, actor: Actor, customer_id: UUID, data: TeamChoice) -> CustomerOut:
    """Put a customer into a team, or out of it. 403 says whom to ask where it is not yours to decide."""
    customer = teaming.assign(session, actor, customer_id, data)
    counting.count(session, actor, customer_id)  # the answer shows the record
    session.flush()  # the answer shows the new version
    return outputs.customer(session, customer, [tag.name for tag in queries.tags_of(session, customer_id)])


@get("/teams", permission=_VIEW, name="customers:api_teams")
def list_teams(session: Session, actor: Actor) -> Items[TeamOut]:
    """Teams that you may put customers into; there are few, so there is one page."""
    return Items([TeamOut(team.id, team.name) for team in teaming.choices(session, actor)])


HANDLERS = [show, choose, ask, choose_many]
API_HANDLERS = [put_team, list_teams]
