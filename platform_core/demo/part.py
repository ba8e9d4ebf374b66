"""A few thousand customers, from invention to rows. Parts know nothing of each other and may be made in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from platform_core.contracts.demo import DemoCustomer, DemoEngagement, DemoPerson
from platform_core.customers import points
from platform_core.customers.models import (
    Address,
    Attachment,
    Contact,
    ContactPoint,
    Customer,
    CustomerTag,
    StatusChange,
)
from platform_core.customers.searchmodel import SearchRow
from platform_core.demo import files, ownfields, people, relay_rows
from platform_core.demo.house import Account
from platform_core.demo.ids import Ids
from platform_core.demo.people import Identity, Registry
from platform_core.demo.plot import Plot, Teller
from platform_core.demo.spec import PART, Spec
from platform_core.demo.tables import pick
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.searchtokens import index_tokens, number_tokens
from platform_core.kernel.secrets import Vault
from platform_core.permissions.models import Access
from platform_core.relay.models import Engagement, Leg, RelayEvent

Row = dict[str, Any]
_POOL = 0.1
_TAGGED = 0.15
_MATTERS = 0.1
"""Share of customers with an engagement, in a large demo."""
_MATTERS_SMALL = 0.42
_LONG_GONE = timedelta(days=700)
"""A department that was closed keeps only customers older than this."""


class Part:
    """The `DemoContext` that plugins fill their tables from."""

    def __init__(self, spec: Spec, number: int, vault: Vault, data_dir: Path) -> None:
        self.random = Random(f"{spec.seed}/{number}")
        self.is_small = spec.is_small
        self.data_dir = data_dir
        self._customers: list[DemoCustomer] = []
        self.facts: Any = None
        self.spec = spec
        self._number = number
        self._writer: Writer | None = None
        self._new = Ids(self.random)
        self.registry = Registry(self.random, self._new, vault, is_small=spec.is_small)
        self._rows: dict[type[Any], list[Row]] = {
            model: []
            for model in (
                Customer, Contact, ContactPoint, Address, CustomerTag, StatusChange, SearchRow, Engagement, Leg,
                Access, RelayEvent, Attachment,
            )
        }  # fmt: skip

    @property
    def customers(self) -> list[DemoCustomer]:
        return self._customers

    def id_at(self, moment: datetime) -> UUID:
        return self._new.at(moment)

    def write(self, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        assert self._writer is not None
        self._writer.write(model, rows)

    def invent(self) -> None:
        """Make the part's customers."""
        spec = self.spec
        teller = Teller(self.random, spec.house, spec.now, is_small=self.is_small)
        for number in range(self._number * PART, min((self._number + 1) * PART, spec.customers)):
            created = spec.created_at(number)
            made = self.registry.invent(number, created)
            owner, department_id = self._owner(created)
            plot = Plot()
            if owner is not None:
                slots = teller.slots(self.registry.address(made), made.place.city, month=1 + number % 12)
                teller.tell(plot, owner.person, slots, created, self._run_ids(created))
            person = owner.person if owner else None
            self.add(made, plot, spec.code(number, created), person, department_id, self._tags())

    def flush(self, writer: Writer) -> None:
        """Write the core's rows; what `write` is given goes the same way from now on."""
        self._writer = writer
        for model, rows in self._rows.items():
            writer.write(model, rows)
            rows.clear()

    def add(
        self,
        made: Identity,
        plot: Plot,
        code: str,
        owner: DemoPerson | None,
        department_id: UUID,
        tags: Iterable[UUID],
    ) -> None:
        """Take an invented customer with its plot among the rows."""
        rows = self._rows
        owner_id = owner.id if owner else None
        spoken = [touch.at for touch in plot.touches if touch.kind != "note"]
        moments = [made.created, *(touch.at for touch in plot.touches), *(change[0] for change in plot.statuses)]
        moments += [run.updated_at for run in plot.runs]
        rows[Customer].append(
            people.customer_row(
                made, code, plot.status,
                owner_id=owner_id, department_id=department_id, created_by=owner_id,
                last_contact_at=max(spoken, default=None),
                next_plan_at=min((task.due_at for task in plot.tasks), default=None),
                updated_at=min(max(moments), self.spec.now),
                custom=ownfields.invented(self.spec, code) if self.is_small else {},
                lead_since=made.created if plot.status == "new" and not plot.runs else None,
                placed_at=made.created,
            )
        )  # fmt: skip
        rows[Contact] += people.contact_rows(made, owner_id, department_id)
        rows[ContactPoint] += made.points
        rows[StatusChange] += self._statuses(made, plot, owner)
        rows[SearchRow].append({"customer_id": made.id, "tokens": sorted(_tokens(made, code))})
        if self.is_small or self.random.random() < 0.2:
            rows[Address].append(self._address(made))
        rows[CustomerTag] += ({"customer_id": made.id, "tag_id": tag_id} for tag_id in tags)
        self._add_runs(made, plot)

    def _tags(self) -> list[UUID]:
        found = list(self.spec.house.tags.values())
        return [pick(self.random, found)] if self.random.random() < _TAGGED else []

    def _add_runs(self, made: Identity, plot: Plot) -> None:
        rows = self._rows
        engagements = []
        for run in plot.runs:
            rows[Engagement].append(relay_rows.engagement(run, made.id))
            rows[Leg] += relay_rows.legs(run, made.id, self.spec.now)
            rows[Access] += relay_rows.access(run, made.id, self._new)
            rows[RelayEvent] += relay_rows.events(run, made.id, self._new)
            deal = run.deal
            assert deal is not None
            if self.is_small and deal.contract is not None and deal.closed_by is not None:
                attachment = files.contract(
                    self.data_dir, self._new.at(run.updated_at), made.id, run.id, deal.contract, deal.closed_by.id
                )
                rows[Attachment].append(attachment)
                deal = replace(deal, contract=replace(deal.contract, attachment_id=attachment["id"]))
            engagements.append(
                DemoEngagement(
                    run.id,
                    run.track.type,
                    run.opened_at,
                    run.opened_by,
                    deal.closed_by or run.holder,
                    run.updated_at,
                    deal,
                )
            )
        contact = made.contact
        self._customers.append(
            DemoCustomer(
                made.id, made.fields["name"], contact.id if contact else None, contact.person.name if contact else "",
                plot.touches, plot.tasks, engagements,
            )
        )  # fmt: skip

    def _owner(self, created: datetime) -> tuple[Account | None, UUID]:
        """Who looks after a customer that came in then, or nobody: the pool of somebody's department."""
        random, house = self.random, self.spec.house
        found = house.owner(random.random())
        while found.has_left and self.spec.now - created < _LONG_GONE:
            found = house.owner(random.random())
        if random.random() < _POOL:
            return None, found.person.department_id
        return found, found.person.department_id

    def _run_ids(self, created: datetime) -> list[UUID]:
        if self.random.random() >= (_MATTERS_SMALL if self.is_small else _MATTERS):
            return []
        return [self._new.at(created) for _number in range(5)]

    def _statuses(self, made: Identity, plot: Plot, owner: DemoPerson | None) -> Iterator[Row]:
        if self.is_small:
            yield self._status(made, made.created, "", "new", owner, "customers.create")
        for at, old, new, by, cause in plot.statuses:
            yield self._status(made, at, old, new, by, cause)

    def _status(self, made: Identity, at: datetime, old: str, new: str, by: DemoPerson | None, cause: str) -> Row:
        return {
            "id": self._new.at(at),
            "customer_id": made.id,
            "at": at,
            "by_id": by.id if by else None,
            "by_label": by.name if by else "",
            "old": old,
            "new": new,
            "cause": cause,
        }

    def _address(self, made: Identity) -> Row:
        street = self.registry.street(self.random)
        place = made.place
        return {
            "id": self._new.at(made.created),
            "customer_id": made.id,
            "region": place.region,
            "city": place.city,
            "street": street,
            "is_primary": True,
        }


def _tokens(made: Identity, code: str) -> set[str]:
    """As customers.search_rows.tokens_of; what many customers share is split once."""
    fields = made.fields
    texts = (fields["name"], code, fields["legal_person"], *(contact.person.name for contact in made.contacts))
    numbers = number_tokens(point["mask"] for point in made.points if point["kind"] in points.PHONES)
    shared = _shared_tokens(made.place.city) | _shared_tokens(fields["short_name"])
    return index_tokens(*filter(None, texts)) | shared | numbers


@lru_cache(maxsize=10_000)
def _shared_tokens(text: str) -> frozenset[str]:
    return frozenset(index_tokens(text)) if text else frozenset()
