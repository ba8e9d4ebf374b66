"""Occasions and how they are kept, and what is known of single customers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from baton_plugins.care import calendars, segments
from baton_plugins.care.expanding import HOLIDAYS
from baton_plugins.care.models import CustomerDate, Occasion, TagWording, Wish, Wording
from msgspec import Meta
from sqlalchemy import delete, select

from platform_core.api import (
    Actor,
    Contact,
    Customer,
    EntityRef,
    Invalid,
    NotFound,
    Session,
    changes,
    contact_get,
    contact_require,
    customer_get,
    customer_require,
    new_id,
    record,
    service_of,
    today,
    translator,
)
from platform_core.api.messages import SMS_TEXTS, message_leave_alone, message_write_again

_ = translator("care")
TEND = "care.tend"
MANAGE = "care.manage"
_DEFAULTS: tuple[tuple[str, str, str, dict[str, int], bool, int], ...] = (
    ("birthday", _.lazy("Birthday"), "birthday", {}, False, 10),
    ("graduation", _.lazy("Graduation"), "anniversary", {}, False, 20),
    ("first_contract", _.lazy("First contract"), "anniversary", {}, False, 21),
    ("new_year", _.lazy("New Year"), "fixed", {"month": 1, "day": 1}, False, 40),
    ("new_years_eve", _.lazy("Eve of the Spring Festival"), "eve", {}, False, 30),
    ("spring_festival", _.lazy("Spring Festival"), "lunar", {"month": 1, "day": 1}, False, 31),
    ("dragon_boat", _.lazy("Dragon Boat Festival"), "lunar", {"month": 5, "day": 5}, False, 41),
    ("mid_autumn", _.lazy("Mid-Autumn Festival"), "lunar", {"month": 8, "day": 15}, False, 32),
    ("double_ninth", _.lazy("Double Ninth Festival"), "lunar", {"month": 9, "day": 9}, True, 42),
    ("mothers_day", _.lazy("Mother's Day"), "nth", {"month": 5, "number": 2, "weekday": 6}, True, 43),
    ("fathers_day", _.lazy("Father's Day"), "nth", {"month": 6, "number": 3, "weekday": 6}, True, 44),
    ("nurses_day", _.lazy("Nurses' Day"), "fixed", {"month": 5, "day": 12}, False, 45),
    ("teachers_day", _.lazy("Teachers' Day"), "fixed", {"month": 9, "day": 10}, False, 46),
    ("qingming", _.lazy("Qingming"), "term", {"term": 6}, True, 47),
)
"""Code, name, kind, rule, whether it is sensitive, order"""


def seed(session: Session) -> None:
    """What a fresh house may keep; all of it is off until somebody has chosen its texts."""
    if session.scalar(select(Occasion.id).limit(1)) is None:
        for code, name, kind, rule, sensitive, order in _DEFAULTS:
            session.add(Occasion(code=code, name=str(name), kind=kind, rule=rule, sensitive=sensitive, order=order))


class OccasionInput(msgspec.Struct, kw_only=True):
    """`this_year` and `next_year`: the day on which a holiday is kept; empty by its rule."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    hour: Annotated[int, Meta(ge=7, le=20)] = 9
    order: Annotated[int, Meta(ge=1, le=99)] = 50
    active: bool = False
    sensitive: bool = False
    this_year: date | None = None
    next_year: date | None = None


class NewOccasion(msgspec.Struct, kw_only=True):
    """An anniversary of one's own, or a holiday.

    `fixed` and `lunar` take month and day, `nth` month, number and weekday (0 is Monday), `term` the number of the
    solar term (0 is the minor cold).
    """

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    kind: Literal["anniversary", "fixed", "lunar", "nth", "term"]
    month: Annotated[int, Meta(ge=1, le=12)] = 1
    day: Annotated[int, Meta(ge=1, le=31)] = 1
    number: Annotated[int, Meta(ge=1, le=5)] = 1
    weekday: Annotated[int, Meta(ge=0, le=6)] = 0
    term: Annotated[int, Meta(ge=0, le=23)] = 0


def occasion(session: Session, occasion_id: UUID) -> Occasion:
    found = session.get(Occasion, occasion_id)
    if found is None:
        raise NotFound(_("There is no such occasion."))
    return found


def every(session: Session) -> list[Occasion]:
    return list(session.scalars(select(Occasion).order_by(Occasion.order, Occasion.name)))


def _unlike_others(session: Session, name: str, own: UUID | None) -> None:
    namesake = session.scalar(select(Occasion.id).where(Occasion.name == name))
    if namesake is not None and namesake != own:
        message = _("There is an occasion of this name.")
        raise Invalid(message, fields={"name": message})


def add(session: Session, actor: Actor, data: NewOccasion) -> Occasion:
    """Raises Invalid at the field."""
    _unlike_others(session, data.name.strip(), None)
    kinds: dict[str, tuple[str, ...]] = {
        "fixed": ("month", "day"), "lunar": ("month", "day"), "nth": ("month", "number", "weekday"), "term": ("term",),
    }  # fmt: skip
    made = Occasion(id=new_id(), name=data.name.strip(), kind=data.kind)
    made.code = f"own_{made.id.hex[-12:]}"
    made.rule = {name: getattr(data, name) for name in kinds.get(data.kind, ())}
    session.add(made)
    record(session, actor, "care.occasion", made.ref, after={"name": made.name, "kind": made.kind})
    return made


def change(session: Session, actor: Actor, occasion_id: UUID, data: OccasionInput, texts: dict[str, str]) -> Occasion:
    """`texts`: key of a segment -> id of a template, "" for none. Raises Invalid at the field."""
    found = occasion(session, occasion_id)
    _unlike_others(session, data.name.strip(), found.id)
    chosen = _checked(session, texts)
    if data.active and not chosen:
        message = _("Choose at least one template before it is switched on.")
        raise Invalid(message, fields={"active": message})
    moved = {year: day for year, day in found.moved.items() if int(year) not in {today().year, today().year + 1}}
    if found.kind in HOLIDAYS:
        for year, day in ((today().year, data.this_year), (today().year + 1, data.next_year)):
            if day is not None and abs((day - calendars.holiday(found.kind, found.rule, year)).days) > 60:
                field = "this_year" if year == today().year else "next_year"
                raise Invalid(_("Please check the marked fields."), fields={field: _("This is far from its day.")})
            if day is not None and day != calendars.holiday(found.kind, found.rule, year):
                moved[str(year)] = day.isoformat()
    given: dict[str, Any] = {
        "name": data.name.strip(), "hour": data.hour, "order": data.order, "active": data.active,
        "sensitive": data.sensitive, "moved": moved,
    }  # fmt: skip
    before, after = changes({name: getattr(found, name) for name in given}, given)
    for name, value in given.items():
        setattr(found, name, value)
    for model in (Wording, TagWording):
        session.execute(delete(model).where(model.occasion_id == found.id))
    for key, template_id in chosen.items():
        session.add(segments.made(segments.read(key), found.id, template_id))
    record(session, actor, "care.occasion", found.ref, before=before, after={**after, "texts": len(chosen)})
    return found


def _checked(session: Session, texts: dict[str, str]) -> dict[str, UUID]:
    known = dict(templates(session))
    chosen: dict[str, UUID] = {}
    for key, template_id in texts.items():
        is_known = not template_id or template_id in known
        if not is_known or (template_id and not segments.exists(session, segments.read(key))):
            message = _("Please choose from the list.")
            raise Invalid(message, fields={"new_tag" if is_known else f"text_{key}": message})
        if template_id:
            chosen[key] = UUID(template_id)
    return chosen


def templates(session: Session) -> list[tuple[str, str]]:
    """(id, name) of the templates for greetings that the sending plugin has."""
    texts = service_of(session, SMS_TEXTS)
    return texts.choices(session, "greeting") if texts is not None else []


def wordings(session: Session, occasion_id: UUID) -> dict[str, str]:
    """Key of the segment -> id of the template."""
    found = segments.of_occasion(session, occasion_id)
    return {choice.segment.key: str(choice.template_id) for _occasion, choice in found}


class DateInput(msgspec.Struct, kw_only=True):
    """Without `day` the date is taken away. `lunar`: each year on the same day of the lunar calendar as then."""

    occasion_id: UUID
    day: date | None = None
    lunar: bool = False


class PauseInput(msgspec.Struct, kw_only=True):
    """`contact_id`: one of its contacts alone, None for all and itself. `occasion`: a code, "" for all.

    `until` None: for good. The reason is kept encrypted and never shown.
    """

    contact_id: UUID | None = None
    occasion: Annotated[str, Meta(max_length=60)] = ""
    until: date | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""


def _customer(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    customer = customer_get(session, customer_id)
    customer_require(session, actor, TEND, customer)
    return customer


def set_date(session: Session, actor: Actor, customer_id: UUID, data: DateInput) -> None:
    customer = _customer(session, actor, customer_id)
    kind = occasion(session, data.occasion_id)
    if kind.kind != "anniversary":
        raise Invalid(_("Please check the marked fields."), fields={"occasion_id": _("Please choose from the list.")})
    if data.day is not None and data.day > today():
        raise Invalid(_("Please check the marked fields."), fields={"day": _("This day is still to come.")})
    if data.day is not None and data.lunar and data.day < calendars.KNOWN:
        raise Invalid(_("Please check the marked fields."), fields={"day": _("No lunar calendar reaches back so far.")})
    mine = (CustomerDate.customer_id == customer.id, CustomerDate.occasion_id == kind.id)
    found = session.scalars(select(CustomerDate).where(*mine)).one_or_none()
    if data.day is None:
        if found is not None:
            session.delete(found)
    else:
        if found is None:
            found = CustomerDate(id=new_id(), customer_id=customer.id, occasion_id=kind.id)
            session.add(found)
        then: date | calendars.Lunar = calendars.lunar(data.day) if data.lunar else data.day
        found.year, found.month, found.day = then.year, then.month, then.day
        found.lunar, found.leap = data.lunar, isinstance(then, calendars.Lunar) and then.is_leap
    after = {"name": kind.name, "day": data.day.isoformat() if data.day else "", "lunar": data.lunar}
    _noted(session, actor, "care.date", customer, after)


def set_wish(session: Session, actor: Actor, customer_id: UUID, occasion_id: UUID, *, wanted: bool) -> None:
    """Whether the customer is glad of a sensitive occasion: unknown is not yes."""
    customer = _customer(session, actor, customer_id)
    kind = occasion(session, occasion_id)
    found = session.get(Wish, (customer.id, kind.id))
    if wanted and found is None:
        session.add(Wish(customer_id=customer.id, occasion_id=kind.id, by_label=actor.name))
    elif not wanted and found is not None:
        session.delete(found)
    _noted(session, actor, "care.wish", customer, {"name": kind.name, "wanted": wanted})


def pause(session: Session, actor: Actor, customer_id: UUID, data: PauseInput) -> None:
    """Leave the customer or one of its contacts alone on an occasion or on all, such as after a death.

    Counts at once, also for what waits.
    """
    _leave_alone(session, actor, _person(session, actor, customer_id, data.contact_id), data)


def pause_contact(session: Session, actor: Actor, contact_id: UUID, data: PauseInput) -> None:
    """The same for a contact that stands alone."""
    _leave_alone(session, actor, _standing_alone(session, actor, contact_id), data)


def _leave_alone(session: Session, actor: Actor, who: Customer | Contact, data: PauseInput) -> None:
    codes = {item.code for item in every(session)}
    if data.occasion and data.occasion not in codes:
        raise Invalid(_("Please check the marked fields."), fields={"occasion": _("Please choose from the list.")})
    if data.until is not None and data.until < today():
        raise Invalid(_("Please check the marked fields."), fields={"until": _("This day has passed.")})
    message_leave_alone(session, actor, who, data.occasion, data.until, data.reason.strip())


def resume(session: Session, actor: Actor, customer_id: UUID, code: str, contact_id: UUID | None = None) -> None:
    message_write_again(session, actor, _person(session, actor, customer_id, contact_id), code)


def resume_contact(session: Session, actor: Actor, contact_id: UUID, code: str) -> None:
    message_write_again(session, actor, _standing_alone(session, actor, contact_id), code)


def alone(session: Session, contact_id: UUID) -> Contact:
    """Raises NotFound for a contact of a customer too: what is known of it stands with its customer."""
    found = contact_get(session, contact_id)
    if found.customer_id is not None:
        raise NotFound(_("There is no such contact, or not for you."))
    return found


def _standing_alone(session: Session, actor: Actor, contact_id: UUID) -> Contact:
    found = alone(session, contact_id)
    contact_require(session, actor, TEND, found)
    return found


def _person(session: Session, actor: Actor, customer_id: UUID, contact_id: UUID | None) -> Customer | Contact:
    """The customer, or a contact of it."""
    customer = _customer(session, actor, customer_id)
    if contact_id is None:
        return customer
    found = session.get(Contact, contact_id)
    if found is None or found.customer_id != customer.id or found.deleted_at is not None:
        message = _("Please choose from the list.")
        raise Invalid(_("Please check the marked fields."), fields={"contact_id": message})
    return found


def _noted(session: Session, actor: Actor, verb: str, customer: Customer, after: dict[str, Any]) -> None:
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    record(session, actor, verb, ref, customer_id=customer.id, after=after)
