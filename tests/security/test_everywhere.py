"""Every handler of the application, of plugins too: what is asked for, nobody has to remember to put on a list.

To everybody it names the customers that they may see and no other; to somebody whose caps are all none it names none.
Exceptions say why; one that is none any more fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select, update

from platform_core.caps.limits import DEFAULTS
from platform_core.caps.models import UserCap
from platform_core.contracts.identity import Scope
from platform_core.customers.models import Contact, Customer
from platform_core.testing.browser import Browser
from platform_core.users.models import Freeze, User
from tests.security.houses import Door, House

ASKS = {
    "customers:search": {"q": "{part}"},
    "customers:api_search": {"q": "{part}", "limit": 20},
    "customers:duplicates": {"name": "{asked}"},
    "customers:api_duplicates": {"name": "{asked}"},
    "customers:find_to_merge": {"q": "{part}"},
    "customers:update": {"name": "x", "kind": "organisation", "version": "0"},
    "relay:open": {"customer_id": "{customer_id}", "title": ""},
    "relay:hand_over": {"note": ""},
    "relay:return": {"reason": ""},
    "relay:reassign": {},
    "exports:ask": {"source": "list:contacts", "reason": "What leaves the house?"},
    "exports:print": {"source": "list:contacts", "reason": "What leaves the house?"},
}
"""POSTs that only ask, and forms that come back refused, with what they are asked: a page may repeat that."""
TRAIL = "who may read the trail of the house reads what it says: no caps and no reach of customers apply"
SEES_MORE = {"audit:index": TRAIL, "audit:export": TRAIL}
"""Handlers that may name customers which the actor does not see."""
POOL = {"customers:pool_list", "customers:api_pool", "customers:pool_card", "customers:api_pool_card"}
"""Handlers of the pool, which has a right of its own: they name what nobody owns, and nothing else that is not seen."""
LEAVER = "who takes leave of somebody reads whom they have seen, as an auditor would"
UNCAPPED = {"audit:export": TRAIL, "customers:leaving_seen": LEAVER, "customers:api_leaving_seen": LEAVER}
"""Handlers that may name customers whatever the caps."""
LOGINS = ("collector", "trainer", "finance", "outside")
"""The last one holds every right and owns nothing; by then there is something in the trail."""


@pytest.fixture
def house(backend: str, request: pytest.FixtureRequest) -> House:
    """On one database: that policies say the same on both is what the oracle looks at."""
    if backend != "sqlite":
        pytest.skip("once is enough")
    found: House = request.getfixturevalue("demo_house")
    return found


def doors_of(house: House) -> list[Door]:
    found = [
        door
        for door in house.doors()
        if door.permission not in {"", "public"} and door.name != "web:live"
        and (door.method == "GET" or door.name in ASKS)
    ]  # fmt: skip
    assert len(found) > 150
    assert {door.name for door in found} >= set(ASKS)
    return found


def answer(somebody: Browser, door: Door, ids: dict[str, object], asked: str) -> str:
    if door.method == "GET":
        return somebody.get(door.at(ids)).text
    sent = {key: str(value).format(**ids, asked=asked, part=asked[:-1]) for key, value in ASKS[door.name].items()}
    if door.is_api:
        return somebody.request("POST", door.at(ids), json=sent | ({"limit": 20} if "limit" in sent else {})).text
    return somebody.post(door.at(ids), sent).text


def names_of(house: House) -> dict[str, object]:
    """Name of a customer or of somebody there -> the customer. Names that several have say nothing."""
    with house.system() as session:
        rows = [*session.execute(select(Customer.name, Customer.id))]
        rows += session.execute(select(Contact.name, Contact.customer_id).where(Contact.customer_id.is_not(None)))
    keys: dict[str, set[object]] = {}
    for name, key in rows:
        keys.setdefault(name, set()).add(key)
    found = {name: key for name, (key, *more) in ((n, list(k)) for n, k in keys.items()) if not more and len(name) >= 3}
    return {name: key for name, key in found.items() if not any(name in other for other in found if other != name)}


def test_no_handler_names_a_customer_that_somebody_does_not_see(house: House) -> None:
    names, ids = names_of(house), house.ids()
    with house.system() as session:
        asked = session.get_one(Customer, ids["customer_id"]).name
    house.newcomer("outside", house.permissions())
    with house.system() as session:
        pooled = set(session.scalars(select(Customer.id).where(Customer.owner_id.is_(None))))
    excused: set[str] = set()
    told: list[str] = []
    named = 0
    for login in LOGINS:
        somebody = house.browser(login)
        visible = house.seen_by(login)
        for door in doors_of(house):
            body = answer(somebody, door, ids, asked)
            found = {key for name, key in names.items() if name in body}
            named += len(found)
            found -= pooled if door.name in POOL else set()
            if found - visible and door.name in SEES_MORE:
                excused.add(door.name)
            elif found - visible:
                told.append(f"{login}: {door.method} {door.path} names {len(found - visible)} too many")
    assert named > 100
    assert not told, "\n".join(told)
    assert excused == set(SEES_MORE)


@pytest.fixture
def nothing_allowed(house: House) -> Iterator[str]:
    house.newcomer("capped", house.permissions(), Scope.ALL)
    with house.system(write=True) as session:
        user = session.scalars(select(User).where(User.login == "capped")).one()
        for counter in DEFAULTS:
            session.merge(UserCap(user_id=user.id, counter=counter, cap=0))
        session.commit()
    yield "capped"
    with house.system(write=True) as session:
        session.execute(delete(Freeze))
        session.commit()


def test_with_caps_of_none_no_handler_names_a_customer(house: House, nothing_allowed: str) -> None:
    names, ids, told = names_of(house), house.ids(), {}
    with house.system() as session:
        asked = session.get_one(Customer, ids["customer_id"]).name
    for door in doors_of(house):
        with house.system(write=True) as session:
            session.execute(delete(Freeze))
            session.execute(update(User).where(User.login == nothing_allowed).values(status="active"))
            user = session.scalars(select(User).where(User.login == nothing_allowed)).one()
            session.commit()
        body = answer(house.nobody().sign_in(user), door, ids, asked)
        if any(name in body for name in names):
            told[door.name] = door.path
    assert told.keys() == UNCAPPED.keys(), told
