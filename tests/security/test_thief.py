"""Somebody with an ordinary account wants to leave with the customers: whatever they try, the cap is all they get."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from string import ascii_lowercase, digits
from uuid import UUID

import httpx
import pytest
from baton_plugins.opportunities.listview import OPPORTUNITIES
from sqlalchemy import select

from platform_core.caps.limits import LIST, OPEN, PRINT, REVEAL
from platform_core.caps.models import Listed
from platform_core.customers.contact_listing import CONTACTS
from platform_core.customers.listing import CUSTOMERS
from platform_core.testing.browser import Browser
from platform_core.users.models import Freeze
from platform_core.web.lists.conditions import OF_KIND
from platform_core.web.lists.declaration import ListView
from tests.security.robbed import ALERT_SECONDS, CAPS, INDEXED, NAME, WITH_NUMBERS, Mark, Thief

OF_ONE = (
    "/customers/{}", "/customers/{}/contacts", "/customers/{}/timeline", "/customers/{}/edit", "/customers/{}/tags",
    "/customers/{}?tab=files", "/plans/new?customer={}",
    "/follow-ups/new?customer={}", "/engagements/new?customer_id={}", "/opportunities/new/{}", "/api/v1/customers/{}",
    "/api/v1/customers/{}/contacts", "/api/v1/customers/{}/addresses", "/api/v1/follow-ups?customer_id={}",
    "/api/v1/plans?customer_id={}", "/api/v1/opportunities?customer_id={}", "/api/v1/contracts?customer_id={}",
)  # fmt: skip


def test_walking_ids_through_every_address_of_a_customer(mark: Mark) -> None:
    thief = mark.thief()
    paths = cycle(OF_ONE)
    seen = [thief.takes(thief.here.get(next(paths).format(key))) for key in mark.ids[: CAPS[OPEN] + 10]]
    assert seen == [True] * CAPS[OPEN] + [False] * 10
    assert len(thief.loot.names | thief.loot.records) <= CAPS[OPEN]
    assert not thief.loot.numbers
    mark.assert_caught(thief, OPEN)


def test_forms_that_come_back_refused_count_as_well(mark: Mark) -> None:
    """Their transaction is rolled back; what they showed was seen. A form that is too old comes back with the record."""
    thief = mark.thief()
    for number, key in enumerate(mark.ids[: CAPS[OPEN] + 10]):
        if number % 2:
            thief.takes(
                thief.here.post(f"/customers/{key}/edit", {"name": "x", "kind": "organisation", "version": "0"})
            )
        else:
            thief.takes(thief.here.post("/engagements", {"customer_id": str(key), "title": ""}))
    assert len(thief.loot.names | thief.loot.records) == CAPS[OPEN]
    mark.assert_caught(thief, OPEN)


def test_every_address_of_the_same_few_customers_is_open(mark: Mark) -> None:
    """Else the test before would prove nothing: each of these does answer."""
    thief = mark.thief()
    assert all(thief.takes(thief.here.get(path.format(mark.ids[0]))) for path in OF_ONE)


PAGES: dict[str, Callable[[Thief], Iterator[httpx.Response]]] = {}


def attack(function: Callable[[Thief], Iterator[httpx.Response]]) -> Callable[[Thief], Iterator[httpx.Response]]:
    PAGES[function.__name__] = function
    return function


@attack
def lists_as_pages(thief: Thief) -> Iterator[httpx.Response]:
    """Every order and view, each to its end; a link is followed as it stands there."""
    for query in (
        "view=all",
        "view=all&sort=name",
        "view=all&sort=-name",
        "view=never",
        "sort=next_plan",
        "view=quiet",
    ):
        path = f"/customers?{query}"
        while path:
            answer = thief.here.get(path)
            yield answer
            found = re.search(r'href="(/customers\?[^"]*after=[^"]*)"', answer.text)
            path = found.group(1).replace("&amp;", "&") if found else ""


@attack
def lists_for_programs(thief: Thief) -> Iterator[httpx.Response]:
    for sort in ("updated", "-updated", "name", "-name"):
        for limit in (50, 1, 200):
            cursor = ""
            while cursor is not None:
                answer = thief.here.get(f"/api/v1/customers?sort={sort}&limit={limit}&cursor={cursor}")
                yield answer
                cursor = answer.json().get("next_cursor") if answer.status_code == 200 else None


@attack
def searches_from_a_to_z(thief: Thief) -> Iterator[httpx.Response]:
    """Letters, digits, and then what one would type to get everybody who begins so."""
    words = [*ascii_lowercase, *digits, "heron", *(f"heron{number:03}" for number in range(INDEXED // 10))]
    for word in words:
        yield thief.here.post("/search", {"q": word}, htmx=True)  # the palette
        yield thief.here.post("/search", {"q": word})
        yield thief.here.request("POST", "/api/v1/customers/search", json={"q": word, "limit": 100})


@attack
def the_box_above_the_list(thief: Thief) -> Iterator[httpx.Response]:
    for word in (f"heron{number:03}" for number in range(30)):
        moved = thief.here.post("/customers/find", {"q": word, "state": "view=all"})
        yield thief.here.get(moved.headers.get("location", "/customers"))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_lists_and_searches_show_no_more_rows_than_the_cap(mark: Mark, name: str) -> None:
    thief, refused = mark.thief(), 0
    for answer in PAGES[name](thief):
        refused += not thief.takes(answer)
        if refused > 3:
            break
    assert 0 < len(thief.loot.names) <= CAPS[LIST]
    assert not thief.loot.records | thief.loot.numbers
    mark.assert_caught(thief, LIST)
    assert mark.rows(select(Listed.number).where(Listed.user_id == thief.user.id))[0] >= len(thief.loot.names)


NARROW = 30
"""Less than a page of a list."""


@pytest.mark.parametrize("view", [CUSTOMERS, CONTACTS, OPPORTUNITIES], ids=lambda view: view.key)
def test_each_order_view_and_condition_of_each_list_counts_its_rows(mark: Mark, view: ListView) -> None:
    """Whatever lists come to offer is tried, each by somebody to whom a whole page is too much."""
    queries = [f"sort={sign}{sort.key}" for sort in view.sorts for sign in ("", "-")]
    queries += [f"view={preset.key}" for preset in view.presets]
    conditions = [item.key for item in view.filters if {"empty", "filled"} <= set(OF_KIND[item.kind])]
    queries += [f"any=1&f={key}:empty&f={key}:filled" for key in conditions]  # everybody, by way of a condition
    took = [mark.thief(**{LIST: NARROW}) for _ in queries]
    addresses = [f"{view.path}?{query}" for query in queries]
    with ThreadPoolExecutor(6) as pool:
        answered = list(
            pool.map(lambda pair: pair[0].takes(pair[0].here.get(pair[1])), zip(took, addresses, strict=True))
        )
    for thief, ok, address in zip(took, answered, addresses, strict=True):
        counted = mark.rows(select(Listed.number).where(Listed.user_id == thief.user.id))
        assert len(thief.loot.names) <= min(NARROW, *counted, NARROW if counted else 0), address
        assert bool(mark.rows(select(Freeze.rule).where(Freeze.user_id == thief.user.id))) is not ok, address
    if view is CUSTOMERS:
        assert not any(ok for ok, query in zip(answered, queries, strict=True) if query.startswith(("sort", "any")))


def test_cards_of_calls_that_never_rang_show_no_more_than_the_cap(mark: Mark) -> None:
    """The agent on the desk is the thief's: every number of the house rings, twice, and each card is asked for twice."""
    thief = mark.thief(sessions=2, **{LIST: 8})
    telephone = mark.telephone(thief.user)
    refused = 0
    for number in range(WITH_NUMBERS):
        for call in (f"first-{number}", f"first-{number}", f"again-{number}"):
            telephone.ring(f"1380000{number:04}", call)
            cards = [thief.takes(device.get("/calls/card", htmx=True)) for device in thief.devices]
            refused += not all(cards)
        thief.takes(thief.here.get("/calls?view=mine"))
        if refused > 3:
            break
    assert refused
    assert 0 < len(thief.loot.names) <= 8
    assert not thief.loot.records | thief.loot.numbers
    mark.assert_caught(thief, LIST)
    assert not thief.takes(thief.here.post("/settings/telephony/simulate", {}))


def test_what_a_card_opens_is_counted_like_anything_opened(mark: Mark) -> None:
    """Each link and form of each card, replayed: with the caller's own customer, and with everybody else's id."""
    thief = mark.thief(**{OPEN: 5})
    telephone, opened = mark.telephone(thief.user), 0
    for number in range(10):
        telephone.ring(f"1380000{number:04}", f"open-{number}")
        card = thief.here.get("/calls/card", htmx=True)
        thief.takes(card)
        call = re.search(r'id="call-([0-9a-f-]{36})"', card.text)
        links = re.findall(r'<a class="btn[^"]*" href="([^"]+)"', card.text.partition("</section>")[0])
        assert bool(call) is bool(links) is (number <= 5)  # the sixth card comes, and opening what it names freezes
        for link in links:
            opened += thief.takes(thief.here.get(link.replace("&amp;", "&")))
        for key in mark.ids[20:22] if call else ():
            told = thief.here.post(f"/calls/{call.group(1)}/choose", {"customer_id": str(key)}, htmx=True)  # type: ignore[union-attr]
            assert told.status_code in {403, 404}
    assert opened == 2 * 5  # the record, and the form to write the call down
    assert not thief.loot.numbers
    mark.assert_caught(thief, OPEN)


def test_calls_of_others_are_nobodys_pop_up(mark: Mark) -> None:
    owner, thief = mark.thief(), mark.thief()
    mark.telephone(owner.user).ring("13800000003", "theirs")
    call = re.search(r'id="call-([0-9a-f-]{36})"', owner.here.get("/calls/card").text)
    assert call is not None
    assert not NAME.search(thief.here.get("/calls/card").text)
    for act in ("choose", "dismiss"):
        thief.takes(thief.here.post(f"/calls/{call.group(1)}/{act}", {"customer_id": str(mark.ids[3])}, htmx=True))
    assert "Heron0003" in owner.here.get("/calls/card").text
    assert len(thief.loot.names) <= 1


def test_the_check_for_duplicates_tells_nothing_that_was_not_known(mark: Mark) -> None:
    """It answers to whole names and whole numbers, never with a record; whom it confirms is a row that was shown."""
    thief = mark.thief()
    for number in range(INDEXED):
        asked = {"name": f"Heron{number:04}", "phone": f"1380000{number:04}"}
        answer = (
            thief.here.post("/customers/duplicates", asked, htmx=True)
            if number % 2
            else thief.here.request("POST", "/api/v1/customers/duplicates", json=asked)
        )
        thief.takes(answer)
    assert 0 < len(thief.loot.names) <= CAPS[LIST]
    assert not thief.loot.records | thief.loot.numbers
    mark.assert_caught(thief, LIST)
    other = mark.thief()
    for part in ("Heron", "1380000", "0000"):  # no beginnings, no tails
        answer = other.here.post("/customers/duplicates", {"name": part, "phone": part}, htmx=True)
        assert not NAME.search(answer.text)


def test_paper_takes_its_cap_and_no_more(mark: Mark) -> None:
    thief = mark.thief()
    for query in ("view=all", "view=all&q=heron", "sort=name"):
        asked = {"source": "list:customers", "query": query, "reason": "for the drawer"}
        moved = thief.here.post("/papers/new", asked)
        thief.loot.keep(moved)
        if moved.status_code == 303:
            thief.takes(thief.here.get(moved.headers["location"]))
    assert len(thief.loot.names) <= CAPS[PRINT]
    assert not thief.loot.records | thief.loot.numbers


def test_a_file_leaves_only_with_somebody_elses_consent(mark: Mark) -> None:
    thief = mark.thief()
    asked = {"source": "list:customers", "query": "view=all", "reason": "for the drawer"}
    moved = thief.here.post("/exports/new", asked)
    assert moved.status_code == 303
    request = moved.headers["location"]
    for act in ("decide", "fetch"):
        for data in ({"verdict": "approve", "note": ""}, {"approve": "1"}, {}):
            assert not thief.takes(thief.here.post(f"{request}/{act}", data))
    thief.takes(thief.here.get(request))
    assert not thief.loot.names | thief.loot.records | thief.loot.numbers


def test_numbers_are_revealed_up_to_the_cap(mark: Mark) -> None:
    """On eight devices at once, half of them programs."""
    thief = mark.thief(sessions=4, tokens=4)
    turns = list(zip(cycle(thief.devices), mark.points, strict=False))

    def reveal(turn: tuple[Browser, tuple[UUID, UUID]]) -> bool:
        device, (customer_id, point_id) = turn
        prefix = "/api/v1" if device.cookie.startswith("Bearer ") else ""
        return thief.takes(device.request("POST", f"{prefix}/customers/{customer_id}/points/{point_id}/reveal"))

    with ThreadPoolExecutor(len(thief.devices)) as pool:
        answered = sum(pool.map(reveal, turns))
    assert answered == len(thief.loot.numbers) == CAPS[REVEAL]
    mark.assert_caught(thief, REVEAL)


def test_eight_devices_at_once_get_the_cap_together(mark: Mark) -> None:
    """Nothing that is asked for after one of them was refused is answered; an open stream of signals ends."""
    thief = mark.thief(sessions=4, tokens=4)
    lock, ids, refused_at = threading.Lock(), iter(mark.ids), [float("inf")]
    late: list[float] = []

    def walk(device: Browser) -> int:
        taken, refused = 0, False
        path = "/api/v1/customers/{}" if device.cookie.startswith("Bearer ") else "/customers/{}"
        while not refused:
            with lock:
                key = next(ids)
            began = time.monotonic()
            refused = not thief.takes(device.get(path.format(key)))
            with lock:
                if refused:
                    refused_at[0] = min(refused_at[0], time.monotonic())
                else:
                    taken += 1
                    late.extend([began] if began > refused_at[0] else [])
        return taken

    streaming = mark.browser().sign_in(thief.user)
    with streaming._client.stream("GET", "/live", headers={"Cookie": streaming.cookie}, timeout=30) as stream:
        assert stream.status_code == 200
        with ThreadPoolExecutor(len(thief.devices)) as pool:
            taken = sum(pool.map(walk, thief.devices))
        began = time.monotonic()
        for _chunk in stream.iter_raw():  # until the server ends it
            pass
        assert time.monotonic() - began < ALERT_SECONDS
    assert taken == len(thief.loot.names | thief.loot.records) == CAPS[OPEN]
    assert not late
    mark.assert_caught(thief, OPEN)
