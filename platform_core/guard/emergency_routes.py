"""Opening one customer in an emergency, and giving that back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.emergency import RIGHT
from platform_core.contracts.identity import Actor
from platform_core.guard import emergencies
from platform_core.guard.emergencies import EmergencyInput
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import stepup
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("guard")
_PATH = "/settings/emergency"


@get(_PATH, permission=RIGHT, name="guard:emergency", opt={"personal": True})
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _draw(request, session, actor, Bound())


@post(_PATH, permission=RIGHT, name="guard:open_in_emergency")
def begin(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Asks who is there every time. Wrong answers are pages of 200, so that guesses count."""
    bound = bind(EmergencyInput, form)
    if not bound.ok:
        return _draw(request, session, actor, bound, status=422)
    emergencies.require(actor)
    refused = stepup.check(request, session, actor, form, RIGHT, always=True)
    if refused:
        return _draw(request, session, actor, bound, refused=refused)
    try:
        customer_id, wait = emergencies.begin(session, actor, bound.require())
    except Invalid as error:
        return _draw(request, session, actor, bound.add(error), status=422)
    if customer_id is None:
        told = _("There is no customer with this code. The attempt is written down.")
        bound.errors["code"] = _("Too many attempts. Please wait a few minutes, then try again.") if wait else told
        return _draw(request, session, actor, bound)
    return redirect(request, f"/customers/{customer_id}")


@post(f"{_PATH}/{{access_id:uuid}}/end", permission=RIGHT, name="guard:end_emergency")
def end(request: Request[Any, Any, Any], session: Session, actor: Actor, access_id: UUID) -> Response[str]:
    emergencies.end(session, actor, access_id)
    return redirect(request, _PATH, Notice(_("Ended. You do not see this customer any more.")))


def _draw(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: Bound[Any], *, status: int = 200,
    refused: str = "",
) -> Response[str]:  # fmt: skip
    return page(
        request, "guard/emergency.html", active="emergency", status=status, form=form,
        found=emergencies.open_now(session, actor), minutes=emergencies.MINUTES, most=emergencies.MOST,
        asked=stepup.asks(request, session, actor, always=True, refused=refused),
    )  # fmt: skip


HANDLERS = [index, begin, end]
