"""Alerts, the rules behind them, and bait."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.guard import alerts, canaries, rules
from platform_core.guard.alerts import READ, Verdict
from platform_core.guard.canaries import CanaryInput
from platform_core.guard.rules import RuleInput
from platform_core.guard.wording import ACTIONS, STATES
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("guard")


@get("/settings/alerts", permission=READ, name="guard:alerts")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    state = request.query_params.get("state", "")
    return page(
        request, "guard/alerts.html", active="alerts", found=alerts.latest(session, state if state in STATES else ""),
        states=STATES, state=state, sentence=alerts.sentence, title_of=rules.title_of,
    )  # fmt: skip


@get("/settings/alerts/{alert_id:uuid}", permission=READ, name="guard:alert")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, alert_id: UUID) -> Response[str]:
    alert = alerts.get_alert(session, alert_id)
    return page(
        request, "guard/alert.html", active="alerts", alert=alert, sentence=alerts.sentence(alert), states=STATES,
        title=rules.title_of(alert.rule), rule=rules.RULES.get(alert.rule), actions=ACTIONS,
        lines=alerts.behind(session, actor, alert),
    )  # fmt: skip


@post("/settings/alerts/{alert_id:uuid}", permission=READ, name="guard:decide")
def decide(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, alert_id: UUID
) -> Response[str]:
    alerts.decide(session, actor, alert_id, bind(Verdict, form).require())
    return redirect(request, "/settings/alerts", Notice(_("Saved.")))


@get("/settings/rules", permission=rules.MANAGE, name="guard:rules")
def all_rules(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _rules(request, session, "", Bound())


def _rules(request: Request[Any, Any, Any], session: Session, code: str, form: Bound[Any]) -> Response[str]:
    return page(
        request, "guard/rules.html", active="rules", status=422 if form.errors else 200, found=rules.as_set(session),
        code=code, form=form,
    )  # fmt: skip


@post("/settings/rules/{code:str}", permission=rules.MANAGE, name="guard:set_rule")
def set_rule(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, code: str
) -> Response[str]:
    bound = bind(RuleInput, form)
    if not bound.ok:
        return _rules(request, session, code, bound)
    rules.change(session, actor, code, bound.require())
    return redirect(request, "/settings/rules", Notice(_("Saved. The rule holds from the next minute on.")))


@get("/settings/bait", permission=canaries.MANAGE, name="guard:bait")
def bait(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _bait(request, session, Bound())


def _bait(request: Request[Any, Any, Any], session: Session, form: Bound[Any]) -> Response[str]:
    return page(
        request, "guard/bait.html", active="bait", status=422 if form.errors else 200, laid=canaries.laid(session),
        people=labels.person_choices(session), form=form,
    )  # fmt: skip


@post("/settings/bait", permission=canaries.MANAGE, name="guard:lay")
def lay(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """A new customer, or, with `code`, one that is there."""
    bound: Bound[Any] = Bound(values=dict(form.as_dict()))
    try:
        if form.get("code").strip():
            canaries.adopt(session, actor, form.get("code"), form.get("note"))
        else:
            bound = bind(CanaryInput, form)
            if bound.ok:
                canaries.make(session, actor, bound.require())
    except Invalid as error:
        bound.add(error)
    if bound.errors:
        return _bait(request, session, bound)
    return redirect(request, "/settings/bait", Notice(_("Laid. Whoever touches it is told about at once.")))


@post("/settings/bait/{customer_id:uuid}/release", permission=canaries.MANAGE, name="guard:release")
def release(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    canaries.release(session, actor, customer_id)
    return redirect(request, "/settings/bait", Notice(_("An ordinary customer from now on.")))


HANDLERS = [index, show, decide, all_rules, set_rule, bait, lay, release]
