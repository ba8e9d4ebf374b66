"""Who of a mass message gets what, and who is left out and why: the same for the preview and for what is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from baton_plugins.sms import queries, rendering
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from baton_plugins.sms.campaigns.policies import SEND
from baton_plugins.sms.rendering import Rendered, Wording
from sqlalchemy import and_, select

from platform_core.api import (
    Actor,
    Contact,
    ContactPoint,
    Customer,
    Invalid,
    OutboxAccount,
    Recipient,
    Session,
    among,
    contact_allowed_among,
    customer_doable,
    message_excluded,
    price_of_part,
    proven,
    readable,
    translator,
)

_ = translator("sms")
OWN = proven("lines of a mass message that the caller has read within the actor's scope")
WORDS = {
    "hidden": _.lazy("It is in the bin, merged or erased by now, or no longer yours to see."),
    "right": _.lazy("You may see it, but not write to it."),
    "restricted": _.lazy("The record is restricted: it is kept, but not used."),
    "no_number": _.lazy("There is no mobile number."),
    "malformed": _.lazy("The number is none that can be reached."),
    "no_account": _.lazy("No account carries messages to this country."),
    "gone": _.lazy("The person is gone."),
    "opted_out": _.lazy("This number or person wants no more messages."),
    "withdrawn": _.lazy("The person has withdrawn their consent."),
    "no_consent": _.lazy("The person has not agreed to this."),
    "excluded": _.lazy("The customer is to be left alone."),
    "duplicate": _.lazy("The same number has it already by another customer."),
    "empty": _.lazy("There is nothing to put into one of the places."),
    "text": _.lazy("The text does not fit: too long, or with signs that the provider refuses."),
}
"""Why a customer gets nothing"""
SAMPLES = 5
_READ = 5000
_SERVICE = ("service", "test")


@dataclass(frozen=True, slots=True)
class Judged:
    """A line, and what its customer would get now: `why` is a key of WORDS, `rendered` set where it is empty."""

    number: int
    customer_id: UUID
    name: str
    why: str
    mask: str = ""
    point_id: UUID | None = None
    point_hash: int = 0
    route: str = ""
    rendered: Rendered | None = None


@dataclass(slots=True)
class Tally:
    """Of a preview. `cents` for all parts, `samples` the first lines that get something."""

    going: int = 0
    parts: int = 0
    cents: int = 0
    longest: int = 0
    left: dict[str, int] = field(default_factory=dict)
    samples: list[int] = field(default_factory=list)


def kind_of(purpose: str) -> str:
    return "service" if purpose in _SERVICE else "marketing"


class Judge:
    """For one mass message and one actor. `judged` is asked for lines in their order, since a number counts once."""

    def __init__(self, session: Session, actor: Actor, campaign: Campaign) -> None:
        """Raises Invalid for a text that nobody could get."""
        self._session, self._actor, self._campaign = session, actor, campaign
        kind = kind_of(campaign.purpose)
        accounts = queries.accounts(session)
        rules = queries.rules_of(session, queries.first_among(accounts, f"{kind}.cn"))
        self._wording = Wording(campaign.body, rules, is_marketing=kind == "marketing")
        self._routes = {True: f"{kind}.cn", False: f"{kind}.abroad"}
        self._carried = {route for account in accounts for route in account.serves}
        self._met: set[int] = set()
        """Hashes of numbers that have had it"""

    def judged(self, after: int, limit: int, *, waiting: bool = False) -> list[Judged]:
        """The next lines, with `waiting` of those that nobody has put into the outbox or left out yet."""
        pending = [CampaignLine.state == "pending", CampaignLine.why == ""] if waiting else []
        return self._of(self._statement().where(CampaignLine.number > after, *pending).limit(limit))

    def shown(self, numbers: Sequence[int]) -> list[Judged]:
        """These lines with their texts; nobody asks whether they may be contacted, since nothing is sent by it."""
        return self._of(self._statement().where(CampaignLine.number.in_(numbers)), to_send=False)

    def _of(self, statement: Any, *, to_send: bool = True) -> list[Judged]:
        rows = self._session.execute(statement).all()
        others = self._other_mobiles([row.customer_id for row in rows if row.seen and row.point_kind != "mobile"])
        found: list[Judged] = []
        asked: list[tuple[Any, Any]] = []
        for row in rows:
            point = row if row.point_kind == "mobile" else others.get(row.customer_id)
            why = self._plainly(row, point)
            if why:
                found.append(Judged(row.number, row.customer_id, row.name or "", why))
            else:
                asked.append((row, point))
        return sorted(found + self._asked(asked, to_send=to_send), key=lambda item: item.number)

    def _statement(self) -> Any:
        scope, may = readable(self._session, Customer), customer_doable(self._actor, SEND)
        kept = and_(Customer.id == CampaignLine.customer_id, Customer.deleted_at.is_(None))
        return (
            select(
                CampaignLine.number, CampaignLine.customer_id, Customer.id.label("seen"), Customer.name, Customer.kind,
                Customer.contact_name, Customer.restricted_at, may.label("may"),
                ContactPoint.id.label("point_id"), ContactPoint.kind.label("point_kind"), ContactPoint.mask,
                ContactPoint.full_hash, ContactPoint.contact_id, Contact.name.label("contact"),
            )
            .select_from(CampaignLine)
            .outerjoin(Customer, kept if scope is None else and_(kept, scope))
            .outerjoin(ContactPoint, ContactPoint.id == Customer.phone_point_id)
            .outerjoin(Contact, and_(Contact.id == ContactPoint.contact_id, Contact.deleted_at.is_(None)))
            .where(CampaignLine.campaign_id == self._campaign.id)
            .order_by(CampaignLine.number)
            .execution_options(**OWN)
        )  # fmt: skip

    def _other_mobiles(self, customer_ids: Sequence[UUID]) -> dict[UUID, Any]:
        """Of customers whose main number is no mobile: their first mobile, main ones before."""
        if not customer_ids:
            return {}
        statement = (
            select(
                ContactPoint.customer_id, ContactPoint.id.label("point_id"), ContactPoint.mask, ContactPoint.full_hash,
                ContactPoint.contact_id, Contact.name.label("contact"),
            )
            .outerjoin(Contact, and_(Contact.id == ContactPoint.contact_id, Contact.deleted_at.is_(None)))
            .where(among(ContactPoint.customer_id, customer_ids), ContactPoint.kind == "mobile")
            .order_by(ContactPoint.is_primary, ContactPoint.created_at.desc(), ContactPoint.id.desc())
            .execution_options(**proven("numbers of customers that were just read within the actor's scope"))
        )  # fmt: skip
        return {row.customer_id: row for row in self._session.execute(statement)}

    def _plainly(self, row: Any, point: Any) -> str:
        """What stands against it by its own row, or ""."""
        if row.seen is None:
            return "hidden"
        if row.restricted_at is not None:
            return "restricted"
        if not row.may:
            return "right"
        if point is None:
            return "no_number"
        return "" if self._routes[not point.mask.startswith("+")] in self._carried else "no_account"

    def _against(self, rows: Sequence[tuple[Any, Any]]) -> list[str]:
        """What the register of consent and the exclusions say of each."""
        recipients = [Recipient(row.customer_id, point.contact_id, point.full_hash) for row, point in rows]
        verdicts = contact_allowed_among(self._session, recipients, "sms", self._campaign.purpose)
        excluded = message_excluded(self._session, [row.customer_id for row, _point in rows])
        return [
            verdict.code or ("excluded" if (row.customer_id, "") in excluded else "")
            for (row, _point), verdict in zip(rows, verdicts, strict=True)
        ]

    def _asked(self, rows: Sequence[tuple[Any, Any]], *, to_send: bool) -> list[Judged]:
        """With the register, and the text itself."""
        against = self._against(rows) if rows and to_send else [""] * len(rows)
        found: list[Judged] = []
        for (row, point), why in zip(rows, against, strict=True):
            rendered: Rendered | None = None
            mainland = not point.mask.startswith("+")
            reason = why or ("duplicate" if point.full_hash in self._met else "")
            if not reason:
                contact = point.contact or row.contact_name
                values = rendering.values(self._campaign.by_label, row.name, row.kind, contact)
                try:
                    rendered = self._wording.fill(values, mainland=mainland)
                except Invalid:
                    reason = "text" if all(values[name] for name in self._wording.used) else "empty"
                else:
                    self._met.add(point.full_hash)
            found.append(
                Judged(
                    row.number, row.customer_id, row.name, reason, point.mask, point.point_id, point.full_hash,
                    self._routes[mainland], rendered,
                )
            )  # fmt: skip
        return found


def tally(session: Session, actor: Actor, campaign: Campaign) -> Tally:
    """What would happen to all recipients now. Raises Invalid at the text."""
    judge, found, left = Judge(session, actor, campaign), Tally(), Counter[str]()
    kind = kind_of(campaign.purpose)
    cents = {f"{kind}.{region}": price_of_part(session, "sms", f"{kind}.{region}") for region in ("cn", "abroad")}
    after = 0
    while rows := judge.judged(after, _READ):
        after = rows[-1].number
        for row in rows:
            if row.rendered is None:
                left[row.why] += 1
                continue
            found.going += 1
            found.parts += row.rendered.parts
            found.cents += row.rendered.parts * cents[row.route]
            found.longest = max(found.longest, row.rendered.parts)
            if len(found.samples) < SAMPLES:
                found.samples.append(row.number)
    found.left = dict(left.most_common())
    return found


def account_for(session: Session, purpose: str) -> OutboxAccount | None:
    return queries.first_account(session, kind_of(purpose))
