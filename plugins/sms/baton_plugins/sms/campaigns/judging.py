"""Who of a mass message gets what, and who is left out and why: the same for the preview and for what is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from baton_plugins.sms import queries as templates
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from baton_plugins.sms.campaigns.policies import SEND
from baton_plugins.sms.carriers import Carriers
from baton_plugins.sms.rendering import Codes, Rendered
from sqlalchemy import ColumnElement, and_, case, false, func, not_, select
from sqlalchemy.orm import aliased

from platform_core.api import (
    Actor,
    Contact,
    ContactPoint,
    Customer,
    Session,
    customer_doable,
    proven,
    readable,
    translator,
    values_for_text,
)
from platform_core.api.messages import contact_objection, message_exclusion

_ = translator("sms")
OWN = proven("lines of a mass message that the caller has read within the actor's scope")
WORDS = {
    "hidden": _.lazy("It is in the bin, merged or erased by now, or no longer yours to see."),
    "right": _.lazy("You may see it, but not write to it."),
    "restricted": _.lazy("The record is restricted: it is kept, but not used."),
    "no_number": _.lazy("There is no mobile number."),
    "malformed": _.lazy("The number is none that can be reached."),
    "no_account": _.lazy("No account carries messages to this country."),
    "template": _.lazy("The provider takes approved templates only, and this text is none."),
    "gone": _.lazy("The person is gone."),
    "opted_out": _.lazy("This number or person wants no more messages."),
    "withdrawn": _.lazy("The person has withdrawn their consent."),
    "no_consent": _.lazy("The person has not agreed to this."),
    "excluded": _.lazy("The person is to be left alone."),
    "duplicate": _.lazy("The same number has it already by another customer."),
    "empty": _.lazy("There is nothing to put into one of the places."),
    "text": _.lazy("The text does not fit: too long, or with signs that the provider refuses."),
}
"""Why a customer gets nothing"""
SAMPLES = 5


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


def codes_of(session: Session, campaign: Campaign) -> Codes:
    return templates.codes_of(session, campaign.template_id, campaign.body)


class Judge:
    """For one mass message and one actor. Lines are asked for in their order, since a number counts once."""

    def __init__(self, session: Session, actor: Actor, campaign: Campaign) -> None:
        """Raises Invalid for a text that nobody could get."""
        self._session, self._actor, self._campaign = session, actor, campaign
        carriers = Carriers(session, campaign.purpose)
        self._wording = carriers.wording(campaign.body)
        self._routes = {mainland: carriers.route(mainland=mainland) for mainland in (True, False)}
        self._closed = [mainland for mainland in (True, False) if carriers.first(mainland=mainland) is None]
        codes = codes_of(session, campaign)
        self._refused = [mainland for mainland in (True, False) if not carriers.approved(codes, mainland=mainland)]
        self._met: set[int] = set()
        """Hashes of numbers that have had it"""

    def judged(self, after: int, limit: int, *, waiting: bool = False) -> list[Judged]:
        """The next lines, with `waiting` of those that nobody has put into the outbox or left out yet."""
        pending = [CampaignLine.state == "pending", CampaignLine.why == ""] if waiting else []
        return self._of(self._statement().where(CampaignLine.number > after, *pending).limit(limit))

    def shown(self, numbers: Sequence[int]) -> list[Judged]:
        """These lines with their texts; nobody asks whether they may be contacted, since nothing is sent by it."""
        return self._of(self._statement(to_send=False).where(CampaignLine.number.in_(numbers)))

    def every(self, last: int | None = None) -> Iterator[tuple[int, str, Rendered | str]]:
        """Number and route of each line, or of those up to the `last`, with its text or why there is none."""
        statement = self._statement(brief=True)
        rows = self._session.execute(statement if last is None else statement.where(CampaignLine.number <= last))
        for number, why, point_hash, is_foreign, *names in rows:
            yield number, self._routes[not is_foreign], why or self._text(point_hash, is_foreign, names)

    def _of(self, statement: Any) -> list[Judged]:
        found: list[Judged] = []
        for row in self._session.execute(statement):
            text = row.why or self._text(row.point_hash, row.is_foreign, (row.name, row.kind, row.contact))
            rendered, why = (text, "") if isinstance(text, Rendered) else (None, text)
            found.append(
                Judged(
                    row.number, row.customer_id, row.name or "", why, row.mask or "", row.point_id, row.point_hash or 0,
                    self._routes[not row.is_foreign], rendered,
                )
            )  # fmt: skip
        return found

    def _text(self, point_hash: int, is_foreign: bool, names: Sequence[str]) -> Rendered | str:  # noqa: FBT001  a column
        """Of a line against which nothing else stands.

        Whether its number has had it is asked last, since a later slice only learns that from the outbox.
        """
        found = self._wording.attempt(values_for_text(self._campaign.by_label, *names), mainland=not is_foreign)
        if isinstance(found, Rendered) and point_hash in self._met:
            return "duplicate"
        if isinstance(found, Rendered):
            self._met.add(point_hash)
        return found

    def _statement(self, *, to_send: bool = True, brief: bool = False) -> Any:
        """What stands against each line, and what its text is made of; all of a `Judged`, or only what a sum needs."""
        scope = readable(self._session, Customer)
        kept = and_(Customer.id == CampaignLine.customer_id, Customer.deleted_at.is_(None))
        main, point = aliased(ContactPoint), ContactPoint
        is_foreign = func.coalesce(point.mask.startswith("+"), false()).label("is_foreign")
        contact = func.coalesce(func.nullif(Contact.name, ""), Customer.contact_name).label("contact")
        first = [CampaignLine.number, self._why(point, is_foreign, to_send=to_send).label("why")]
        made_of = [point.full_hash.label("point_hash"), is_foreign, Customer.name, Customer.kind, contact]
        rest = [] if brief else [CampaignLine.customer_id, point.mask, point.id.label("point_id")]
        return (
            select(*first, *made_of, *rest)
            .select_from(CampaignLine)
            .outerjoin(Customer, kept if scope is None else and_(kept, scope))
            .outerjoin(main, and_(main.id == Customer.phone_point_id, main.kind == "mobile"))
            .outerjoin(point, point.id == func.coalesce(main.id, _other_mobile()))
            .outerjoin(Contact, and_(Contact.id == point.contact_id, Contact.deleted_at.is_(None)))
            .where(CampaignLine.campaign_id == self._campaign.id)
            .order_by(CampaignLine.number)
            .execution_options(**OWN)
        )

    def _why(self, point: Any, is_foreign: Any, *, to_send: bool) -> ColumnElement[str]:
        """The first of what stands against a line; to send, consent and exclusions are asked too."""
        plainly = [
            (Customer.id.is_(None), "hidden"),
            (Customer.restricted_at.is_not(None), "restricted"),
            (not_(customer_doable(self._actor, SEND)), "right"),
            (point.id.is_(None), "no_number"),
            *((is_foreign.is_(not mainland), "no_account") for mainland in self._closed),
            *((is_foreign.is_(not mainland), "template") for mainland in self._refused),
        ]
        if not to_send:
            return case(*plainly, else_="")
        objection = contact_objection(
            self._session, CampaignLine.customer_id, point.contact_id, point.full_hash, "sms", self._campaign.purpose
        )
        alone = case((message_exclusion(CampaignLine.customer_id, point.contact_id), "excluded"), else_="")
        return case(*plainly, else_=func.coalesce(func.nullif(objection, ""), alone))


def _other_mobile() -> Any:
    """Of a customer whose main number is no mobile: its first mobile, main ones before."""
    theirs = aliased(ContactPoint)
    return (
        select(theirs.id)
        .where(theirs.customer_id == Customer.id, theirs.kind == "mobile")
        .order_by(theirs.is_primary.desc(), theirs.created_at, theirs.id)
        .limit(1)
        .scalar_subquery()
    )


def tally(session: Session, actor: Actor, campaign: Campaign) -> Tally:
    """What would happen to all recipients now. Raises Invalid at the text."""
    found, left = Tally(), Counter[str]()
    carriers = Carriers(session, campaign.purpose)
    cents = {carriers.route(mainland=at): carriers.cents(mainland=at) for at in (True, False)}
    for number, route, text in Judge(session, actor, campaign).every():
        if isinstance(text, str):
            left[text] += 1
            continue
        found.going += 1
        found.parts += text.parts
        found.cents += text.parts * cents[route]
        found.longest = max(found.longest, text.parts)
        if len(found.samples) < SAMPLES:
            found.samples.append(number)
    found.left = dict(left.most_common())
    return found
