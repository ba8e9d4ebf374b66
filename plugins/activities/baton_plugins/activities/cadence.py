"""How often customers are to be spoken with, by their grade: the next date that is proposed, and who was silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from platform_core.api import Actor, Customer, Session, Setting, dictionaries, now, read_setting, translator

_ = translator("activities")
GRADES = "customers.grade"
_LONGEST = 999


def _check(text: str) -> str:
    try:
        parsed(text)
    except ValueError:
        return _("Write grade=days, such as A=7, B=30.")
    return ""


CADENCE = Setting(
    "activities.cadence",
    _.lazy("After how many days customers are to be contacted again, by grade"),
    "",
    help=_.lazy("grade=days, separated by commas, such as A=7, B=30, C=90. Empty: nothing is proposed."),
    check=_check,
)


def parsed(text: str) -> dict[str, int]:
    """Grade -> days. Raises ValueError."""
    found: dict[str, int] = {}
    for part in text.replace("\uff0c", ",").split(","):
        if part.strip():
            grade, _sign, days = part.partition("=")
            found[grade.strip()] = int(days)
    if any(not grade or not 1 <= days <= _LONGEST for grade, days in found.items()):
        raise ValueError(text)
    return found


def days_of(session: Session, customer: Customer) -> int | None:
    """Of the customer's grade, None where the house says nothing about it. Grades go by code or by name."""
    cadence = parsed(read_setting(session, CADENCE))
    label = dictionaries.label(session, GRADES, customer.grade)
    return cadence.get(customer.grade) or cadence.get(label)


@dataclass(frozen=True, slots=True)
class Silent:
    """A customer who has not been spoken with for longer than its grade allows."""

    customer: Customer
    since: datetime
    days: int
    allowed: int


def silent(session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Silent]:
    """The actor's customers without a plan ahead, longest silent first."""
    cadence = parsed(read_setting(session, CADENCE))
    codes = {
        entry.code: cadence.get(entry.code) or cadence.get(entry.label)
        for entry in dictionaries.entries(session, GRADES).values()
    }
    allowed = {code: days for code, days in codes.items() if days}
    if not allowed:
        return []
    moment, last = now(), func.coalesce(Customer.last_contact_at, Customer.created_at)
    over = [and_(Customer.grade == code, last < moment - timedelta(days=days)) for code, days in allowed.items()]
    statement = (
        select(Customer)
        .where(
            Customer.owner_id == actor.user_id, Customer.deleted_at.is_(None), Customer.restricted_at.is_(None),
            or_(Customer.next_plan_at.is_(None), Customer.next_plan_at < moment), or_(*over),
        )
        .order_by(last, Customer.id)
        .limit(limit)
    )  # fmt: skip
    if after is not None:
        at, known = after
        statement = statement.where(or_(last > at, and_(last == at, Customer.id > known)))
    return [
        Silent(customer, since, (moment - since).days, allowed[customer.grade])
        for customer in session.scalars(statement)
        for since in [customer.last_contact_at or customer.created_at]
    ]
