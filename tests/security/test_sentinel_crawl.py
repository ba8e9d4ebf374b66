"""No clear phone number or mail address leaves by any GET, nor lies in logs, audit, jobs or notifications.

The sentinels are the contact points themselves, decrypted, and the cells of an import that is being checked.
"""

from __future__ import annotations

import logging
import re
from html import unescape

import pytest

from platform_core.kernel.model import METADATA
from platform_core.testing.browser import Browser
from tests.security.houses import House

LOGINS = ("admin", "collector", "collector.head", "trainer", "clerk", "service", "manager", "finance", "office")
UPLOADER = "collector"
FOLLOWED = 25
"""Links that each role follows from the pages it may see."""
CLEAR_PHONE = re.compile(r"(?<![\d/-])1[3-9]\d{9}(?!\d)")
RANDOM_KEY = re.compile(r"\b[0-9a-f]{32,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""Idempotency keys, digests and ids of rows: eleven of their digits may look like a number."""
IMPORTED = ("13900007771", "sentinel@import.example")
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)"')


@pytest.fixture(scope="module")
def alone(demo_house: House) -> dict[str, str]:
    """A contact without a customer, and its number, as parameters of addresses."""
    keeper = demo_house.browser("manager")
    given = {"name": "Sentinel Alone", "phone": "13900007772", "email": "alone@import.example"}
    answer = keeper.post("/contacts/new", given)
    assert answer.status_code == 303, answer.text
    contact_id = answer.headers["location"].rpartition("/")[2]
    (number, *_more) = keeper.get(f"/api/v1/contacts/{contact_id}").json()["points"]
    return {"contact_id": contact_id, "point_id": number["id"]}


@pytest.fixture(scope="module")
def sentinels(demo_house: House, alone: dict[str, str]) -> set[str]:
    """What is stored, and what is being imported."""
    return demo_house.clear_values() | set(IMPORTED)


@pytest.fixture(scope="module")
def imported(demo_house: House) -> str:
    """An uploaded table, being matched."""
    uploader = demo_house.browser(UPLOADER)
    table = f"客户名称,手机,邮箱\n哨兵有限公司,{IMPORTED[0]},{IMPORTED[1]}\n".encode()
    answer = uploader.post("/customers/import", {}, files={"file": ("sentinel.csv", table, "text/csv")})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def leaks(text: str, sentinels: set[str]) -> set[str]:
    return {value for value in sentinels if value in text}


@pytest.mark.any_database
def test_no_get_answers_with_a_clear_number(
    demo_house: House, sentinels: set[str], alone: dict[str, str], imported: str, caplog
) -> None:
    assert len(sentinels) > 40
    assert any(value.endswith("13900007772") for value in sentinels)
    ids = demo_house.ids() | {"batch_id": imported.rsplit("/", 1)[-1]}
    doors = [
        door
        for door in demo_house.doors()
        if door.method == "GET" and door.permission not in {"", "public"} and door.name != "web:live"
    ]
    addresses = [door.at(ids) for door in doors]
    addresses += [door.at(ids | alone) for door in doors if "contact_id" in door.parameters]
    assert len(addresses) > 80
    with caplog.at_level(logging.DEBUG):
        for login in LOGINS:
            _crawl(demo_house.browser(login), login, addresses, sentinels)
    assert not leaks("\n".join(record.getMessage() for record in caplog.records), sentinels)


def _crawl(browser: Browser, login: str, addresses: list[str], sentinels: set[str]) -> None:
    seen, fine, queue = set(addresses), 0, list(addresses)
    budget = FOLLOWED
    while queue:
        url = queue.pop(0)
        answer = browser.get(url)
        assert answer.status_code < 500, f"{login} {url}"
        fine += answer.status_code == 200
        # Who uploaded a table sees their own cells again, to match the columns and to mend what is wrong.
        hidden = sentinels - set(IMPORTED) if login == UPLOADER and "/customers/imports/" in url else sentinels
        told = answer.text + "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        assert not leaks(told, hidden), f"{login} {url}"
        if "/static/" not in url and "text/html" in answer.headers.get("content-type", ""):
            assert not set(CLEAR_PHONE.findall(RANDOM_KEY.sub("", told))) - (sentinels - hidden), f"{login} {url}"
        for link in map(unescape, LINK.findall(answer.text)):
            if link not in seen and budget and not link.startswith("/static/"):
                seen.add(link)
                queue.append(link)
                budget -= 1
    assert fine > 10, login


def test_nothing_that_is_kept_holds_a_clear_number(demo_house: House, sentinels: set[str], imported: str) -> None:
    """Every row of every table, as text: audit, jobs, notifications, search words, saved answers, import samples."""
    tables = [table for table in METADATA.sorted_tables if table.name != "customers_contact_point"]
    with demo_house.runtime.database.connection("look for clear numbers") as connection:
        for table in tables:
            for row in connection.execute(table.select()):
                held = leaks(repr(tuple(row)), sentinels)
                assert not held, table.name
