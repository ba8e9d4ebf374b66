"""Old logs of other systems: a table of follow-ups with the people who wrote them and the days on which they did."""

from __future__ import annotations

import re
from datetime import date, datetime

import msgspec
import pluggy
from baton_plugins.activities import plans, presets, rights
from baton_plugins.activities.models import FollowUp
from sqlalchemy import or_, select

from platform_core.api import (
    Actor,
    Customer,
    EntityRef,
    Forbidden,
    ImportTarget,
    Invalid,
    Session,
    User,
    at_local,
    customer_require_unrestricted,
    customer_touch,
    now,
    record,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
_NOON = 12
_MOMENT = re.compile(
    r"(\d{4})[-/.\u5e74](\d{1,2})[-/.\u6708](\d{1,2})\u65e5?(?:[T ]+(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?)?"
)
_LONGEST = 20_000


class PastRow(msgspec.Struct, kw_only=True):
    """A row as people write it. `customer` is a code or the whole name, `author` a name, a login or a staff number."""

    customer: str
    at: str
    author: str
    body: str
    kind: str = ""
    outcome: str = ""
    contact: str = ""


_COLUMNS = {
    "customer": _.lazy("Customer"),
    "at": _.lazy("Date"),
    "author": _.lazy("Who wrote it"),
    "body": _.lazy("What was said"),
    "kind": _.lazy("Kind"),
    "outcome": _.lazy("Outcome"),
    "contact": _.lazy("Contact"),
}


def add(session: Session, actor: Actor, row: PastRow) -> None:
    """Write down what was said long ago; neither status nor plans change. Raises Invalid, Forbidden.

    In the name of somebody else only by who may correct that person's follow-ups. An author without an account stays by
    name, if the importer may correct everybody's.
    """
    rights.require_write(actor)
    customer = _customer(session, row.customer)
    customer_require_unrestricted(customer)
    author = _author(session, row.author)
    kind = _code("kind", row.kind, [(kind.code, kind.label) for kind in presets.kinds(session)]) or "note"
    outcomes = [(outcome.code, outcome.label) for outcome in presets.outcomes(session)]
    follow_up = FollowUp(
        customer_id=customer.id,
        author_id=author.id if author else None,
        author_label=author.name if author else row.author.strip()[:120],
        department_id=author.department_id if author else None,
        at=_moment(row.at),
        kind=kind,
        body=_body(row.body),
        outcome=_code("outcome", row.outcome, outcomes),
        contact_label=row.contact.strip()[:60],
    )
    if not rights.may_correct(actor, follow_up):
        message = _("You may write in the name of %(name)s only if you may correct their follow-ups.", name=row.author)
        raise Forbidden(message, fields={"author": message}, lacks="activities.correct")
    _require_new(session, follow_up)
    session.add(follow_up)
    session.flush()  # the audit line names its id
    if presets.kind(session, kind).is_contact and (
        customer.last_contact_at is None or customer.last_contact_at < follow_up.at
    ):
        customer_touch(session, customer, last_contact_at=follow_up.at)
        plans.refresh_next(session, customer.id)
    after = {"kind": kind, "at": follow_up.at.isoformat(), "author": follow_up.author_label}
    ref = EntityRef("activities", "follow_up", follow_up.id)
    record(session, actor, "activities.import_follow_up", ref, customer_id=customer.id, after=after)


def _customer(session: Session, text: str) -> Customer:
    """Of those that the session's actor sees."""
    named = or_(Customer.code == text, Customer.name == text)
    found = session.scalars(select(Customer).where(named, Customer.deleted_at.is_(None)).limit(3)).all()
    coded = [customer for customer in found if customer.code == text] or found
    if len(coded) != 1:
        several = _("More than one customer has this name. Write the code.")
        raise _wrong("customer", several if coded else _("You see no such customer."))
    return coded[0]


def _author(session: Session, text: str) -> User | None:
    """None for somebody who has no account, as those who left before Baton came."""
    wanted = text.strip()
    named = or_(User.name == wanted, User.login == wanted, User.employee_no == wanted)
    found = session.scalars(select(User).where(named).limit(3)).all()
    if len(found) > 1:
        raise _wrong("author", _("Several colleagues are called so. Write the login or the staff number."))
    return found[0] if found else None


def _moment(text: str) -> datetime:
    """A day without a time is taken as its noon."""
    found = _MOMENT.fullmatch(text.strip())
    made = _made(*found.groups()) if found else None
    if made is None:
        raise _wrong("at", _("Write the day as 2019-03-05, with the time behind it if it is known."))
    if made > now():
        raise _wrong("at", _("This moment is still to come."))
    return made


def _made(year: str, month: str, day: str, hour: str | None, minute: str | None) -> datetime | None:
    """None for a day or a time that there is not."""
    try:
        return at_local(date(int(year), int(month), int(day)), int(hour or _NOON), int(minute or 0))
    except ValueError:
        return None


def _body(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST:
        raise _wrong("body", _("Write at most %(limit)s characters, and at least one.", limit=_LONGEST))
    return text.strip()


def _code(field: str, text: str, choices: list[tuple[str, str]]) -> str:
    if not text.strip():
        return ""
    known = {word.casefold(): code for code, label in choices for word in (code, str(label))}
    if text.strip().casefold() not in known:
        names = _(", ").join(str(label) for _code, label in choices)
        raise _wrong(field, _("This is not known here. Possible are: %(names)s.", names=names))
    return known[text.strip().casefold()]


def _require_new(session: Session, follow_up: FollowUp) -> None:
    """The same table twice is the same logs once."""
    same = select(FollowUp.id).where(
        FollowUp.customer_id == follow_up.customer_id, FollowUp.at == follow_up.at, FollowUp.body == follow_up.body
    )
    if session.scalars(same.limit(1)).first() is not None:
        raise _wrong("body", _("This is in the house already: the same customer, moment and text."))


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: message})


@hookimpl
def baton_import_targets() -> list[ImportTarget]:
    return [
        ImportTarget(
            "activities.follow_ups", _.lazy("Old follow-ups"), "activities.write", PastRow, _COLUMNS, add, "/plans"
        )
    ]
