"""JSON: the week ahead, and what is known of a customer."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec
from baton_plugins.care import queries, services
from baton_plugins.care.routes import VIEW
from baton_plugins.care.services import TEND, DateInput, PauseInput

from platform_core.api import Actor, Items, Session, get, post, put, record

_ONE = "/customers/{customer_id:uuid}"


class GreetedOut(msgspec.Struct, kw_only=True):
    """`contact`: one of its on a birthday; `reason`: why nothing is sent; `personal`: a call is planned.

    `customer_id` is None for a contact that stands alone.
    """

    customer_id: UUID | None
    name: str
    contact_id: UUID | None
    contact: str
    personal: bool
    reason: str


class KeptOut(msgspec.Struct, kw_only=True):
    """An occasion on a day. `number` is how many customers there are, `customers` the first of them by name."""

    day: date
    occasion: str
    number: int
    customers: list[GreetedOut]


class WishInput(msgspec.Struct, kw_only=True):
    """Whether the customer is glad of a sensitive occasion."""

    occasion_id: UUID
    wanted: bool


class ResumeInput(msgspec.Struct, kw_only=True):
    """`contact_id`: of one of its contacts, None for the customer. `occasion`: its code, "" for all."""

    contact_id: UUID | None = None
    occasion: str = ""


class OccasionOut(msgspec.Struct, kw_only=True):
    """`next_day` of a holiday."""

    id: UUID
    code: str
    name: str
    kind: str
    active: bool
    sensitive: bool
    next_day: date | None


@get("/day", permission=VIEW, name="care:api_day")
def day(session: Session, actor: Actor, on: date | None = None) -> Items[KeptOut]:
    """Whom the house greets on one of the next seven days, today where none is named, as far as you see them."""
    asked = queries.foreseen(on)
    found = queries.of_day(session, asked)
    record(session, actor, "care.week", ids=queries.shown(found))
    return Items(
        [
            KeptOut(
                day=asked, occasion=kept.occasion.code, number=kept.number,
                customers=[
                    GreetedOut(
                        customer_id=item.row.customer_id, name=item.row.name, personal=item.is_personal,
                        reason=item.why, contact_id=item.row.person_id if item.row.is_contact else None,
                        contact=item.row.called if item.row.is_contact else "",
                    )
                    for item in kept.verdicts
                ],
            )
            for kept in found
        ]
    )  # fmt: skip


@get("/occasions", permission=VIEW, name="care:api_occasions")
def occasions(session: Session) -> Items[OccasionOut]:
    """The occasions of the house, the more important first."""
    return Items(
        [
            OccasionOut(
                id=item.id, code=item.code, name=item.name, kind=item.kind, active=item.active,
                sensitive=item.sensitive, next_day=queries.next_day(item),
            )
            for item in services.every(session)
        ]
    )  # fmt: skip


@put(f"{_ONE}/dates", permission=TEND, name="care:api_date")
def set_date(session: Session, actor: Actor, customer_id: UUID, data: DateInput) -> None:
    """Set an anniversary of a customer, or take it away."""
    services.set_date(session, actor, customer_id, data)


@put(f"{_ONE}/wishes", permission=TEND, name="care:api_wish")
def set_wish(session: Session, actor: Actor, customer_id: UUID, data: WishInput) -> None:
    """Say whether a customer is glad of a sensitive occasion."""
    services.set_wish(session, actor, customer_id, data.occasion_id, wanted=data.wanted)


@post(f"{_ONE}/pause", permission=TEND, name="care:api_pause")
def pause(session: Session, actor: Actor, customer_id: UUID, data: PauseInput) -> None:
    """Leave a customer or a contact of it alone, on one occasion or on all; the reason is never told again."""
    services.pause(session, actor, customer_id, data)


@post("/contacts/{contact_id:uuid}/pause", permission=TEND, name="care:api_pause_contact")
def pause_contact(session: Session, actor: Actor, contact_id: UUID, data: PauseInput) -> None:
    """Leave a contact that stands alone alone; its `contact_id` is the path's."""
    services.pause_contact(session, actor, contact_id, data)


@post("/contacts/{contact_id:uuid}/resume", permission=TEND, name="care:api_resume_contact")
def resume_contact(session: Session, actor: Actor, contact_id: UUID, data: ResumeInput) -> None:
    """Greet a contact that stands alone again."""
    services.resume_contact(session, actor, contact_id, data.occasion)


@post(f"{_ONE}/resume", permission=TEND, name="care:api_resume")
def resume(session: Session, actor: Actor, customer_id: UUID, data: ResumeInput) -> None:
    """Greet a customer or a contact of it again."""
    services.resume(session, actor, customer_id, data.occasion, data.contact_id)


HANDLERS = [day, occasions, set_date, set_wish, pause, resume, pause_contact, resume_contact]
"""Below /api/v1/care"""
