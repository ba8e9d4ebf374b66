"""Settings -> Telephony: agents, exchanges, whose lines are whose, what was heard, a call to try it with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.telephony import areas, queries, simulating, sources, workplaces
from baton_plugins.telephony.forms import AreaInput, LineInput, SimulatedInput, SourceInput, WorkplaceInput

from platform_core.api import (
    Actor,
    Bound,
    FormData,
    Invalid,
    Request,
    Response,
    Routes,
    Session,
    bind,
    fragment,
    initial,
    page,
    person_choices,
    platform_of,
    post,
    redirect,
    translator,
)
from platform_core.api import get as get_route

_ = translator("telephony")
MANAGE = "telephony.manage"
URL = "/settings/telephony"
LOOKS = 200
_SECRET = {"unkept": True}
"""A secret is shown once: its page is not kept for repeated requests."""


@get_route("/", permission=MANAGE, name="telephony:settings")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _index(request, session)


def _index(
    request: Request[Any, Any, Any], session: Session, *, source_form: Bound[SourceInput] | None = None,
    simulated: Bound[SimulatedInput] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    return page(
        request, "telephony/settings.html", status=status, active="telephony", sources=queries.sources(session),
        heard=queries.heard(session), turn=1, people=person_choices(session), kinds=kinds(),
        device_states=device_states(), source_form=source_form or initial(SourceInput, kind="agent"),
        simulated=simulated or initial(SimulatedInput, number=simulating.SPECIMEN),
    )  # fmt: skip


@get_route("/heard", permission=MANAGE, name="telephony:heard")
def heard(request: Request[Any, Any, Any], session: Session, turn: int = LOOKS) -> Response[str]:
    """What the page asks for every few seconds, for ten minutes: one that never stops would never be signed out."""
    following = turn + 1 if 0 < turn < LOOKS else 0
    return fragment(request, "telephony/_heard.html", heard=queries.heard(session), turn=following)


def device_states() -> dict[str, str]:
    return {
        "up": _("connected"), "gone": _("unplugged"), "busy": _("taken by another program"), "failed": _("failed"),
        "down": _("no connection"),
    }  # fmt: skip


def kinds() -> list[tuple[str, str]]:
    return [
        ("agent", _("Agent on a workstation")), ("webhook", _("Telephone exchange (CTI webhook)")),
        ("sipgate", _("sipgate.io")),
    ]  # fmt: skip


@post("/sources", permission=MANAGE, name="telephony:add_source", opt=_SECRET)
def add_source(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(SourceInput, form)
    if not bound.ok:
        return _index(request, session, source_form=bound, status=422)
    source, secret = sources.add(session, actor, bound.require())
    return _source(request, session, source.id, secret=secret)


@get_route("/sources/{source_id:uuid}", permission=MANAGE, name="telephony:source")
def source(request: Request[Any, Any, Any], session: Session, source_id: UUID) -> Response[str]:
    return _source(request, session, source_id)


def _source(
    request: Request[Any, Any, Any], session: Session, source_id: UUID, *, secret: str = "",
    form: Bound[LineInput] | None = None, workplace: Bound[WorkplaceInput] | None = None,
    area: Bound[AreaInput] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    found = sources.get(session, source_id)
    base = platform_of(request).settings.base_url
    return page(
        request, "telephony/source.html", status=status, active="telephony", source=found,
        people=person_choices(session), device_states=device_states(), lines=sources.lines(session, found),
        kind=dict(kinds())[found.kind], secret=secret, base=base,
        address=f"{base}{sources.WEBHOOK}{secret}" if secret and found.kind != "agent" else "",
        form=form or initial(LineInput), areas=areas.of_source(session, found), area=area or initial(AreaInput),
        workplace=workplace or initial(WorkplaceInput, user_id=str(found.user_id or ""), locks=found.locks),
    )  # fmt: skip


@post("/sources/{source_id:uuid}/code", permission=MANAGE, name="telephony:renew_code", opt=_SECRET)
def renew_code(request: Request[Any, Any, Any], session: Session, actor: Actor, source_id: UUID) -> Response[str]:
    found = sources.get(session, source_id)
    return _source(request, session, source_id, secret=sources.renew_code(session, actor, found))


@post("/sources/{source_id:uuid}/revoke", permission=MANAGE, name="telephony:revoke")
def revoke(request: Request[Any, Any, Any], session: Session, actor: Actor, source_id: UUID) -> Response[str]:
    sources.revoke(session, actor, sources.get(session, source_id))
    return redirect(request, f"{URL}/sources/{source_id}")


@post("/sources/{source_id:uuid}/lines", permission=MANAGE, name="telephony:add_line")
def add_line(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, source_id: UUID
) -> Response[str]:
    bound, found = bind(LineInput, form), sources.get(session, source_id)
    if bound.ok:
        try:
            sources.add_line(session, actor, found, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"{URL}/sources/{source_id}")
    return _source(request, session, source_id, form=bound, status=422)


@post("/sources/{source_id:uuid}/lines/{line_id:uuid}/remove", permission=MANAGE, name="telephony:remove_line")
def remove_line(
    request: Request[Any, Any, Any], session: Session, actor: Actor, source_id: UUID, line_id: UUID
) -> Response[str]:
    sources.remove_line(session, actor, sources.get(session, source_id), line_id)
    return redirect(request, f"{URL}/sources/{source_id}")


@post("/sources/{source_id:uuid}/areas", permission=MANAGE, name="telephony:set_area")
def set_area(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, source_id: UUID
) -> Response[str]:
    bound, found = bind(AreaInput, form), sources.get(session, source_id)
    if not bound.ok:
        return _source(request, session, source_id, area=bound, status=422)
    areas.put(session, actor, found, bound.require())
    return redirect(request, f"{URL}/sources/{source_id}")


@post("/sources/{source_id:uuid}/areas/{area_id:uuid}/remove", permission=MANAGE, name="telephony:remove_area")
def remove_area(
    request: Request[Any, Any, Any], session: Session, actor: Actor, source_id: UUID, area_id: UUID
) -> Response[str]:
    areas.remove(session, actor, sources.get(session, source_id), area_id)
    return redirect(request, f"{URL}/sources/{source_id}")


@post("/sources/{source_id:uuid}/workplace", permission=MANAGE, name="telephony:workplace")
def workplace(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, source_id: UUID
) -> Response[str]:
    bound, found = bind(WorkplaceInput, form), sources.get(session, source_id)
    if bound.ok:
        try:
            workplaces.change(session, actor, found, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"{URL}/sources/{source_id}")
    return _source(request, session, source_id, workplace=bound, status=422)


@post("/simulate", permission=MANAGE, name="telephony:simulate")
def simulate(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """A call that rings on somebody's pages as if it came from a device; two minutes later it was missed."""
    bound = bind(SimulatedInput, form)
    if bound.ok:
        try:
            simulating.ring(session, actor, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, URL)
    return _index(request, session, simulated=bound, status=422)


ROUTES = Routes(
    URL,
    [
        index,
        heard,
        add_source,
        source,
        renew_code,
        revoke,
        add_line,
        remove_line,
        set_area,
        remove_area,
        workplace,
        simulate,
    ],
)
