"""Messages to many: a preview, one worker that sends to a gateway that answers at once, a night of greetings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from baton_plugins.care import expanding
from baton_plugins.care.models import Occasion, Wording
from baton_plugins.sms.campaigns import judging
from baton_plugins.sms.campaigns.models import Campaign, CampaignLine
from baton_plugins.sms.drivers import TRIAL
from sqlalchemy import insert, select

from bench.guard import scratch
from bench.results import Result
from bench.stands import Stand
from platform_core.app import Runtime
from platform_core.contracts.messaging import Inbound, Outgoing, Parcel, RawCallback, Receipt, Taken
from platform_core.customers import points
from platform_core.customers.models import ContactPoint, Customer
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.outbox import accounts, services
from platform_core.outbox.dispatch import Dispatcher
from platform_core.permissions.actors import load_actor
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.privacy.models import Consent
from platform_core.users.models import User

_MANY = 100_000
_DRAINED = 5_000
_SLICE = 5_000
_FESTIVAL = date(2026, 9, 25)
_TEXT = "{customer}, {contact}: greetings from {sender}. " + TRIAL.rules.marketing_ends_with


class _Fast:
    """A gateway in this process: what is measured is the house's own work."""

    def send(self, parcel: Parcel) -> Taken:
        return Taken(parcel.ref.hex)

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        return None

    def health(self) -> str:
        return ""

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        return ()

    def close(self) -> None:
        return


def _opened(config: Mapping[str, str]) -> _Fast:
    return _Fast()


def measure(stand: Stand) -> Iterator[Result]:
    """A stand that is scaled down has as many fewer recipients; the limits stay."""
    many = min(_MANY, max(stand.customers // 10 if stand.customers < _MANY else _MANY, 1_000))
    with scratch(stand, "messages") as runtime:
        author = _fill(runtime, many)
        yield _preview(stand, runtime, author, many)
        yield _drain(stand, runtime, min(many, _DRAINED))
        yield from _greetings(stand, runtime, many)


def _preview(stand: Stand, runtime: Runtime, author: UUID, many: int) -> Result:
    with runtime.database.system_session("bench", write=False) as session:
        actor = load_actor(session, author)
        campaign_id = session.scalars(select(Campaign.id)).one()
    assert actor is not None
    with runtime.database.actor_session(actor) as session:
        began = time.monotonic()
        found = judging.tally(session, actor, session.get_one(Campaign, campaign_id))
        seconds = time.monotonic() - began
    assert found.going == many, found
    detail = f"{many / seconds:,.0f} recipients/s"
    return Result(f"{stand.name}: preview of a message to {many:,}", seconds, "s", 3.0, detail)


def _drain(stand: Stand, runtime: Runtime, number: int) -> Result:
    driver = replace(TRIAL, name="sms.trial", open=_opened)
    with runtime.database.system_session("bench") as session:
        given = {"channel": "sms", "owner": "bench", "text": "x", "lane": "bulk"}
        services.put_many(
            session, None,
            [Outgoing(key=f"bench:{at}", address=f"139{at:08}", **given) for at in range(number)],  # type: ignore[arg-type]
        )  # fmt: skip
    worker = Dispatcher(runtime.database, lambda: {driver.name: driver}, "")
    began, sent = time.monotonic(), 0
    while sent < number:
        sent += worker.drain("bulk")
    seconds = time.monotonic() - began
    worker.close()
    # 1.0 is what was promised: 500 messages in a second.
    return Result(
        f"{stand.name}: sending by one worker, of the time allowed", seconds * 500 / number, "", 1.0,
        f"{number / seconds:,.0f} messages/s",
    )  # fmt: skip


def _greetings(stand: Stand, runtime: Runtime, many: int) -> Iterator[Result]:
    with runtime.database.system_session("bench") as session:
        began = time.monotonic()
        made = expanding.expand(session, _FESTIVAL)
    yield Result(f"{stand.name}: {made:,} greetings written down", time.monotonic() - began, "s", 5.0)
    with runtime.database.system_session("bench") as session:
        again = expanding.expand(session, _FESTIVAL)
    missed = abs(made - many)
    yield Result(f"{stand.name}: greetings missed, or written down twice", missed + again, "", 0.0)


def _fill(runtime: Runtime, many: int) -> UUID:
    """Customers with a number and a yes, a message to all of them, and a festival; returns who prepared it."""
    author, campaign = new_id(), new_id()
    vault = runtime.vault
    ids = [new_id() for _number in range(many)]
    told = [points.bulk_values(vault, "mobile", f"138{number:08}") for number in range(many)]
    numbers = [{"id": new_id(), "customer_id": key, **values} for key, values in zip(ids, told, strict=True)]
    customers = [
        {
            "id": key, "code": key.hex[-20:], "name": f"Bench {at}", "name_key": "bench", "contact_name": "Zhang",
            "phone_point_id": numbers[at]["id"], "phone_mask": numbers[at]["mask"],
        }
        for at, key in enumerate(ids)
    ]  # fmt: skip
    yes = {"channel": "sms", "given": True, "source": "form", "at": now()}
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (Customer, customers),
        (ContactPoint, numbers),
        (Consent, [{"id": new_id(), "customer_id": key, "purpose": "marketing", **yes} for key in ids]),
        (CampaignLine, [{"campaign_id": campaign, "number": at, "customer_id": key} for at, key in enumerate(ids, 1)]),
    ]
    with runtime.database.system_session("bench") as session:
        account = accounts.establish(session, TRIAL, "bench", {"file": ""})
        account.per_second, account.tokens = 1_000_000, 1_000_000.0
        role_id = session.scalars(select(Role.id).where(Role.code == "management")).one()
        session.add(User(id=author, login="bench", name="Bench"))
        session.add(
            Campaign(id=campaign, name="Bench", by_id=author, by_label="Bench", body=_TEXT, purpose="marketing")
        )
        session.flush()
        session.add(RoleAssignment(id=new_id(), user_id=author, role_id=role_id))
        festival = session.scalars(select(Occasion).where(Occasion.code == "mid_autumn")).one()
        festival.active = True
        session.add(Wording(occasion_id=festival.id, grade="", template_id=new_id()))
        for model, values in rows:
            for start in range(0, len(values), _SLICE):
                session.execute(insert(model), values[start : start + _SLICE])
        for model, _values in rows[:-1]:
            # As a house's tables are; the lines of a message that was just put down are as nobody has counted them yet.
            session.connection().exec_driver_sql(f"ANALYZE {model.__tablename__}")
    return author
