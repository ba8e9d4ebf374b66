"""Pages and answers: urging about a business, answering, and the heads' list of both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities.desk import lists
from baton_plugins.activities.urging import services
from baton_plugins.activities.urging.services import RIGHT, AnswerInput, Business, UrgeInput

from platform_core.api import (
    Actor,
    Bound,
    EntityRef,
    Forbidden,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Routes,
    Session,
    bind,
    customer_opened,
    fragment,
    get,
    initial,
    page,
    post,
    record,
    redirect,
    translator,
    wants_fragment,
)

_ = translator("activities")
WRITE = "activities.write"
_MOST = 100


@get("/", permission=RIGHT, name="activities:urged")
def urged(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Whom the heads have urged, how often, and how long the answers took."""
    lines = services.of_department(session, actor, lists.departments_of(actor), limit=_MOST)
    record(session, actor, "activities.plans", ids={line.urge.customer_id for line in lines})
    return page(request, "activities/urged.html", active="plans", lines=lines)


@get("/new", permission=RIGHT, name="activities:urge")
def new(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    customer: UUID | None = None,
    engagement: UUID | None = None,
    *,
    plan: UUID | None = None,
    opportunity: UUID | None = None,
) -> Response[str]:
    """About the narrowest of those that are named."""
    named = [("plan", plan), ("opportunity", opportunity), ("engagement", engagement), ("customer", customer)]
    kind, record_id = next(((kind, found) for kind, found in named if found), ("", None))
    matter = _business(session, actor, kind, record_id)
    return _page(request, matter, initial(UrgeInput))


@post("/", permission=RIGHT, name="activities:urge_now")
def urge(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(UrgeInput, form)
    matter = _business(session, actor, form.get("kind"), _uuid(form.get("record_id")))
    if not bound.ok:
        return _page(request, matter, bound, status=422)
    made = services.urge(session, actor, matter.kind, matter.id, bound.require())
    message = _("%(name)s is urged, %(count)s times so far.", name=made.to_label, count=made.count)
    if not wants_fragment(request):
        return redirect(request, f"/customers/{matter.customer.id}", Notice(message))
    return fragment(request, "_toast.html", headers={"HX-Trigger": "dialog-close"}, message=message)


@post("/{urge_id:uuid}/answer", permission=WRITE, name="activities:answer_urge")
def answer(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, urge_id: UUID
) -> Response[str]:
    """From the row on the workbench."""
    bound = bind(AnswerInput, form)
    if bound.ok:
        try:
            services.answer(session, actor, urge_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, "/", Notice(_("Answered.")))
    return page(request, "activities/answer.html", status=422, active="workbench", urge_id=urge_id, form=bound)


def _business(session: Session, actor: Actor, kind: str, record_id: UUID | None) -> Business:
    """Its form names the customer. Raises NotFound, Forbidden, Conflict."""
    if record_id is None:
        raise Invalid(_("Which business?"))
    matter = services.business(session, kind, record_id)
    customer = matter.customer
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    if not services.may_urge(actor, matter.person):
        raise Forbidden(_("Only the heads of %(name)s may urge.", name=matter.person.name))
    return matter


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _page(
    request: Request[Any, Any, Any], matter: Business, form: Bound[UrgeInput], *, status: int = 200
) -> Response[str]:
    return page(
        request, "activities/urge.html", status=status, active="customers", matter=matter, form=form,
        partial="activities/_urge_sheet.html" if status == 200 else "activities/_urge_form.html",
    )  # fmt: skip


ROUTES = Routes("/urged", [urged, new, urge, answer])
