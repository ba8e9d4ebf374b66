"""May this person be contacted over this channel for this purpose, now? Senders ask at the moment of sending.

No is the answer where nobody knows: to a purpose that needs consent only a yes of the person opens the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from platform_core.customers import points
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel.database import vault_of
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.privacy import dictionaries
from platform_core.privacy.models import Consent, Suppression

_ = translator("privacy")
EVERY = ""
"""As a channel: every one. As a purpose of an opt-out: everything that needs consent."""
EVERYTHING = "*"
"""As a purpose of an opt-out: also what a contract needs."""
POINT_KINDS = {
    "sms": ("mobile",), "phone": ("mobile", "phone"), "email": ("email",), "wechat": ("wechat",), "qq": ("qq",),
    "fax": ("fax",),
}  # fmt: skip
"""Channel -> kinds of contact points that it reaches."""
_SLICE = 2000
_PROOF: dict[str, Any] = {
    "execution_options": proven("yes or no about persons whose ids the sender holds; every objection counts")
}
Code = Literal["", "gone", "restricted", "opted_out", "withdrawn", "no_consent"]
_SENTENCES: dict[Code, str] = {
    "": _.lazy("May be contacted."),
    "gone": _.lazy("There is no such person any more."),
    "restricted": _.lazy("The record is restricted: it is kept, and nobody is contacted."),
    "opted_out": _.lazy("This number, address or person does not want to be contacted this way."),
    "withdrawn": _.lazy("The person has withdrawn their consent to this."),
    "no_consent": _.lazy("The person has not agreed to this."),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """True where contact is allowed. `code` is kept with what was not sent, `sentence` says it to people."""

    code: Code = ""

    def __bool__(self) -> bool:
        return not self.code

    @property
    def sentence(self) -> str:
        return str(_SENTENCES[self.code])


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person at one number or address.

    `customer_id` alone is the customer itself, with `contact_id` a contact of it; a contact that stands alone has no
    `customer_id`. `point_hash` is `ContactPoint.full_hash` of where it goes to.
    """

    customer_id: UUID | None
    contact_id: UUID | None = None
    point_hash: int | None = None


def allowed(
    session: Session,
    who: Customer | Contact,
    channel: str,
    purpose: str,
    *,
    point: ContactPoint | None = None,
    to: str = "",
) -> Verdict:
    """May `who` be contacted over `channel` for `purpose`? Ask in the transaction that hands the message over.

    `channel` and `purpose` are codes of the dictionaries `privacy.channels` (sms, phone, email, wechat, fax, post) and
    `privacy.purposes` (marketing, greeting, survey, service). Say where it goes to: `point`, or `to` as clear text
    (any usual way to write a number); without either, one number of the person that has opted out is a no to all.

    The answer is a `Verdict`: true or false, with a `code` to keep and a `sentence` in the reader's language. It does
    not depend on who asks: works for any actor and in system sessions. Three statements, four without `point` and `to`.
    In order: a person who is gone or in the bin; a restricted record; an opt-out of the number or address, the person
    or, for a contact, its customer; for purposes that need it, the person's latest word (no word is a no). A purpose
    without need of consent is only closed by a withdrawal of exactly this purpose, or an opt-out from everything.
    """
    is_contact = isinstance(who, Contact)
    customer_id = who.customer_id if isinstance(who, Contact) else who.id
    contact_id = who.id if is_contact else None
    given = point.full_hash if point is not None else _hash(session, channel, to) if to else None
    hashes = [given] if given is not None else _all_hashes(session, customer_id, contact_id, channel)
    asked = [Recipient(customer_id, contact_id, item) for item in hashes] or [Recipient(customer_id, contact_id)]
    found = allowed_among(session, asked, channel, purpose)
    return next((verdict for verdict in found if not verdict), Verdict())


def allowed_among(session: Session, asked: Sequence[Recipient], channel: str, purpose: str) -> list[Verdict]:
    """As `allowed` for many at once, in the order given: three statements for each 2,000 of them."""
    verdicts: list[Verdict] = []
    for start in range(0, len(asked), _SLICE):
        part = asked[start : start + _SLICE]
        known = _Known(session, part, channel, purpose)
        verdicts += [Verdict(known.objection(item)) for item in part]
    return verdicts


def _hash(session: Session, channel: str, text: str) -> int | None:
    """The hash under which an opt-out of this number or address lies."""
    kind = POINT_KINDS.get(channel, ("",))[0]
    return points.lookup(vault_of(session), kind, text)


def _all_hashes(session: Session, customer_id: UUID | None, contact_id: UUID | None, channel: str) -> list[int]:
    kinds = POINT_KINDS.get(channel, ())
    mine = ContactPoint.contact_id == contact_id if contact_id else ContactPoint.customer_id == customer_id
    return list(session.scalars(select(ContactPoint.full_hash).where(mine, ContactPoint.kind.in_(kinds)), **_PROOF))


class _Known:
    """What is known about some recipients, read at once."""

    def __init__(self, session: Session, asked: Sequence[Recipient], channel: str, purpose: str) -> None:
        self._needs_consent = dictionaries.needs_consent(session, purpose)
        contact_ids = {item.contact_id for item in asked if item.contact_id}
        self._contacts, self._customers, self._held = _there(
            session, contact_ids, {item.customer_id for item in asked if item.customer_id}
        )
        ids = set(self._customers)
        people = _of_people(Suppression, ids, self._contacts)
        hashes = {item.point_hash for item in asked if item.point_hash is not None}
        self._closed = _opted_out(session, channel, purpose, people, hashes, needs_consent=self._needs_consent)
        self._words = _latest(session, channel, purpose, _of_people(Consent, ids, self._contacts))

    def objection(self, item: Recipient) -> Code:
        """Why not; nothing when there is no reason."""
        customer_id = item.customer_id
        if item.contact_id is not None:
            if item.contact_id not in self._contacts:
                return "gone"
            if item.contact_id in self._held:
                return "restricted"
            customer_id = self._contacts[item.contact_id]
        if customer_id is not None:
            if customer_id not in self._customers:
                return "gone"
            if self._customers[customer_id]:
                return "restricted"
        elif item.contact_id is None:
            return "gone"
        if self._closed & {key for key in (customer_id, item.contact_id, item.point_hash) if key is not None}:
            return "opted_out"
        word = self._words.get(item.contact_id or customer_id)
        if word is None:
            return "no_consent" if self._needs_consent else ""
        return "" if word else "withdrawn"


def _there(
    session: Session, contact_ids: Collection[UUID], customer_ids: Collection[UUID]
) -> tuple[dict[UUID, UUID | None], dict[UUID, bool], set[UUID]]:
    """Contacts with their customers, customers and whether they are restricted, and contacts that are; who is there."""
    there = Contact.deleted_at.is_(None)
    contacts = select(literal(True), Contact.id, Contact.customer_id, Contact.restricted_at)
    customers = select(literal(False), Customer.id, null(), Customer.restricted_at).where(Customer.deleted_at.is_(None))
    statement: Any = customers.where(among(Customer.id, customer_ids))
    if contact_ids:
        asked = (among(Contact.id, contact_ids), there)
        theirs = customers.where(Customer.id.in_(select(Contact.customer_id).where(*asked)))
        statement = union_all(contacts.where(*asked), statement, theirs)  # an OR of the last two would read every row
    of_contacts: dict[UUID, UUID | None] = {}
    of_customers: dict[UUID, bool] = {}
    held: set[UUID] = set()
    for is_contact, key, customer_id, since in session.execute(statement, **_PROOF):
        if not is_contact:
            of_customers[key] = since is not None
            continue
        of_contacts[key] = customer_id
        if since is not None:
            held.add(key)
    return of_contacts, of_customers, held


def _of_people(model: Any, customers: Iterable[UUID], contacts: Iterable[UUID]) -> list[ColumnElement[bool]]:
    pairs = ((model.customer_id, list(customers)), (model.contact_id, list(contacts)))
    return [among(column, ids) for column, ids in pairs if ids]


def _opted_out(
    session: Session, channel: str, purpose: str, people: list[ColumnElement[bool]], hashes: Iterable[int], *,
    needs_consent: bool,
) -> set[UUID | int]:  # fmt: skip
    """Ids and hashes to which nothing may go."""
    whom = [*people, *([Suppression.point_hash.in_(hashes)] if hashes else [])]
    if not whom:
        return set()
    closed = [purpose, EVERYTHING, *([EVERY] if needs_consent else [])]
    statement = select(Suppression.point_hash, Suppression.customer_id, Suppression.contact_id).where(
        or_(*whom), Suppression.lifted_at.is_(None), Suppression.channel.in_([EVERY, channel]),
        Suppression.purpose.in_(closed),
    )  # fmt: skip
    return {key for row in session.execute(statement, **_PROOF) for key in row if key is not None}


def _latest(session: Session, channel: str, purpose: str, people: list[ColumnElement[bool]]) -> dict[UUID | None, bool]:
    """Person -> their last word on this purpose, about this channel or about every one."""
    if not people:
        return {}
    statement = (
        select(Consent.customer_id, Consent.contact_id, Consent.channel, Consent.given)
        .where(and_(or_(*people), Consent.channel.in_([EVERY, channel]), Consent.purpose == purpose))
        .order_by(Consent.at, Consent.id)
    )
    said: dict[UUID | None, dict[str, bool]] = defaultdict(dict)
    for customer_id, contact_id, over, given in session.execute(statement, **_PROOF):
        words = said[contact_id or customer_id]
        if over == EVERY:
            words.clear()  # who speaks of every channel speaks of each
        words[over] = given
    return {person: words.get(channel, words.get(EVERY, False)) for person, words in said.items()}
