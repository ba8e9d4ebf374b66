"""The week ahead, the occasions of the house, and one customer's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from baton_plugins.care import queries, segments, services
from baton_plugins.care.models import Occasion
from baton_plugins.care.services import MANAGE, TEND, DateInput, NewOccasion, OccasionInput, PauseInput
from baton_plugins.care.wording import KINDS, STATES, TERMS, WEEKDAYS, WHY

from platform_core.api import (
    Actor,
    Bound,
    Contact,
    Customer,
    EntityRef,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Routes,
    Session,
    bind,
    contact_get,
    customer_get,
    customer_opened,
    get,
    initial,
    page,
    post,
    record,
    redirect,
    today,
    translator,
)

_ = translator("care")
VIEW = "care.view"
SETTINGS = "/settings/care"
_ADDABLE = ("anniversary", "fixed", "lunar", "nth", "term")


@get("/", permission=VIEW, name="care:week")
def week(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Whom the house greets in the next seven days, and who is left out and why."""
    first = today()
    following = [first + timedelta(days=at) for at in range(1, queries.DAYS)]
    shown = _foreseen(session, actor, first)
    return page(request, "care/week.html", active="care", following=following, **shown)


@get("/day", permission=VIEW, name="care:day")
def day(request: Request[Any, Any, Any], session: Session, actor: Actor, on: date | None = None) -> Response[str]:
    """One day of the week ahead. At a million customers the whole week took most of a second."""
    shown = _foreseen(session, actor, queries.foreseen(on))
    return page(request, "care/day.html", partial="care/_day.html", active="care", **shown)


def _foreseen(session: Session, actor: Actor, day: date) -> dict[str, Any]:
    """What `care/_day.html` draws, written down as seen."""
    kept = queries.of_day(session, day)
    record(session, actor, "care.week", ids=queries.shown(kept))
    return {"day": day, "kept": kept, "words": WHY, "whom": partial(segments.label, session)}


@get("/of/{customer_id:uuid}", permission=VIEW, name="care:of_customer")
def of_customer(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = customer_get(session, customer_id)
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    customer_opened(session, actor, ref, customer.id)
    return _customer_page(request, session, actor, customer, {}, {})


def _customer_page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer: Customer, errors: dict[str, str],
    given: dict[str, str],
) -> Response[str]:  # fmt: skip
    """`given`: what was typed into the form that is refused."""
    every, people = services.every(session), queries.contacts(session, customer.id)
    dates = {key: (queries.day_of(row), row.lunar) for key, row in queries.dates_of(session, customer.id).items()}
    return page(
        request, "care/of_customer.html", active="customers", status=422 if errors else 200, customer=customer,
        errors=errors, anniversaries=[item for item in every if item.kind == "anniversary"],
        sensitive=[item for item in every if item.sensitive], names={item.code: item.name for item in every},
        dates=dates, given=given, wishes=queries.wishes_of(session, customer.id),
        alone=queries.left_alone(session, customer, people), born=queries.born([customer, *people]),
        past=queries.greetings_of(session, customer, people), states=STATES,
        words=WHY, may_tend=actor.may_enter(TEND), choices=_occasions_to_choose(every), url=f"/care/of/{customer.id}",
        people=[("", _("The customer and all its contacts")), *((str(item.id), item.name) for item in people)],
    )  # fmt: skip


def _occasions_to_choose(every: Sequence[Occasion]) -> list[tuple[str, str]]:
    return [("", _("All occasions")), *((item.code, item.name) for item in every)]


@get("/contacts/{contact_id:uuid}", permission=VIEW, name="care:of_contact")
def of_contact(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    """A contact that stands alone; others are on the page of their customer."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/care/of/{contact.customer_id}")
    return _contact_page(request, session, actor, contact, {}, {})


def _contact_page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact: Contact, errors: dict[str, str],
    given: dict[str, str],
) -> Response[str]:  # fmt: skip
    customer_opened(session, actor, EntityRef("customers", "contact", contact.id, contact.name), None)
    every = services.every(session)
    return page(
        request, "care/of_contact.html", active="contacts", status=422 if errors else 200, contact=contact,
        errors=errors, given=given, names={item.code: item.name for item in every}, people=[],
        alone=queries.left_alone(session, contact), born=queries.born([contact]),
        past=queries.greetings_of(session, contact), states=STATES, words=WHY, may_tend=actor.may_enter(TEND),
        choices=_occasions_to_choose(every), url=f"/care/contacts/{contact.id}",
    )  # fmt: skip


@post("/contacts/{contact_id:uuid}/{act:str}", permission=TEND, name="care:tend_contact")
def tend_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, contact_id: UUID, act: str
) -> Response[str]:
    """pause or resume."""
    try:
        _tend_contact(session, actor, form, contact_id, act)
    except Invalid as error:
        contact = services.alone(session, contact_id)
        return _contact_page(request, session, actor, contact, error.fields or {"": error.message}, form.as_dict())
    return redirect(request, f"/care/contacts/{contact_id}", Notice(_("Saved.")))


@post("/of/{customer_id:uuid}/{act:str}", permission=TEND, name="care:tend")
def tend(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID, act: str
) -> Response[str]:
    """date, wish, pause or resume."""
    try:
        _tend(session, actor, form, customer_id, act)
    except Invalid as error:
        customer = customer_get(session, customer_id)
        return _customer_page(request, session, actor, customer, error.fields or {"": error.message}, form.as_dict())
    return redirect(request, f"/care/of/{customer_id}", Notice(_("Saved.")))


def _tend_contact(session: Session, actor: Actor, form: FormData, contact_id: UUID, act: str) -> None:
    if act == "pause":
        services.pause_contact(session, actor, contact_id, bind(PauseInput, form).require())
    elif act == "resume":
        services.resume_contact(session, actor, contact_id, form.get("occasion"))
    else:
        raise Invalid(_("This form is not whole. Reload the page."))


def _tend(session: Session, actor: Actor, form: FormData, customer_id: UUID, act: str) -> None:
    if act == "date":
        services.set_date(session, actor, customer_id, bind(DateInput, form).require())
    elif act == "wish":
        services.set_wish(session, actor, customer_id, _id(form.get("occasion_id")), wanted=form.get("wanted") == "1")
    elif act == "pause":
        services.pause(session, actor, customer_id, bind(PauseInput, form).require())
    elif act == "resume":
        contact_id = _id(form.get("contact_id")) if form.get("contact_id") else None
        services.resume(session, actor, customer_id, form.get("occasion"), contact_id)
    else:
        raise Invalid(_("This form is not whole. Reload the page."))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(_("This form is not whole. Reload the page.")) from error


@get("/", permission=MANAGE, name="care:occasions")
def occasions(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _occasions(request, session, initial(NewOccasion, kind="anniversary"))


def _occasions(request: Request[Any, Any, Any], session: Session, form: Bound[NewOccasion]) -> Response[str]:
    found = [(item, queries.next_day(item)) for item in services.every(session)]
    return page(
        request, "care/occasions.html", active="care_occasions", status=422 if form.errors else 200, occasions=found,
        kinds=KINDS, form=form, addable=[(key, str(KINDS[key])) for key in _ADDABLE], weekdays=_numbered(WEEKDAYS),
        terms=_numbered(TERMS),
    )  # fmt: skip


def _numbered(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(str(number), str(name)) for number, name in enumerate(names)]


@post("/", permission=MANAGE, name="care:add_occasion")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(NewOccasion, form)
    if bound.ok:
        try:
            made = services.add(session, actor, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"{SETTINGS}/{made.id}")
    return _occasions(request, session, bound)


@get("/{occasion_id:uuid}", permission=MANAGE, name="care:occasion")
def show(request: Request[Any, Any, Any], session: Session, occasion_id: UUID) -> Response[str]:
    found = services.occasion(session, occasion_id)
    years = {"this_year": today().year, "next_year": today().year + 1}
    given = initial(
        OccasionInput, name=found.name, hour=found.hour, order=found.order, active=found.active,
        sensitive=found.sensitive, **{name: found.moved.get(str(year), "") for name, year in years.items()},
    )  # fmt: skip
    given.values.update({f"text_{key}": text for key, text in services.wordings(session, found.id).items()})
    return _occasion(request, session, found.id, given)


def _occasion(
    request: Request[Any, Any, Any], session: Session, occasion_id: UUID, form: Bound[OccasionInput]
) -> Response[str]:
    found = services.occasion(session, occasion_id)
    years = (("this_year", today().year), ("next_year", today().year + 1))
    return page(
        request, "care/occasion.html", active="care_occasions", status=422 if form.errors else 200, found=found,
        form=form, kinds=KINDS, segments=segments.offered(session, found.id), tags=segments.tags(session),
        templates=services.templates(session),
        years=[(name, year, queries.by_rule(found, year)) for name, year in years],
    )  # fmt: skip


def _texts(session: Session, form: FormData, occasion_id: UUID) -> dict[str, str]:
    """Key of a segment -> id of a template. Raises Invalid for a tag without a template, or the other way round."""
    found = {key: form.get(f"text_{key}") for key, _label in segments.offered(session, occasion_id)}
    tag, text = form.get("new_tag"), form.get("new_text")
    if bool(tag) != bool(text):
        message = _("Choose both, the tag and its template.")
        raise Invalid(message, fields={"new_text" if tag else "new_tag": message})
    return {**found, f"tag:{tag}": text} if tag else found


@post("/{occasion_id:uuid}", permission=MANAGE, name="care:change_occasion")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, occasion_id: UUID
) -> Response[str]:
    bound = bind(OccasionInput, form)
    if bound.ok:
        try:
            services.change(session, actor, occasion_id, bound.require(), _texts(session, form, occasion_id))
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, SETTINGS, Notice(_("Saved.")))
    return _occasion(request, session, occasion_id, bound)


ROUTES = [
    Routes("/care", [week, day, of_customer, tend, of_contact, tend_contact]),
    Routes(SETTINGS, [occasions, add, show, change]),
]
