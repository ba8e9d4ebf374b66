"""A program goes through a list of customers to call as its caller does on the pages."""

from __future__ import annotations

import pytest
from baton_plugins.telephony.calling import services
from sqlalchemy import select

from platform_core.api import customer_audience
from platform_core.audit.models import AuditEntry

API = "/api/v1/telephony/lists"


@pytest.fixture
def listed(house) -> str:
    ids = [house.customer("carol", f"Firm {number}", f"1390000832{number}").id for number in range(3)]
    with house.as_("carol") as (session, actor):
        return str(services.begin(session, actor, customer_audience.of_ids(actor, ids)).id)


def test_lists_lines_next_and_what_came_of_it(house, listed, count_queries):
    program = house.browser.token(house.people["carol"])
    with count_queries(at_most=12):
        (one,) = program.get(API).json()["items"]
    assert (one["id"], one["total"], one["done"], one["closed_at"]) == (listed, 3, 0, None)
    first_page = program.get(f"{API}/{listed}/lines?limit=2").json()
    second = program.get(f"{API}/{listed}/lines?limit=2&cursor={first_page['next_cursor']}").json()
    assert [row["number"] for row in [*first_page["items"], *second["items"]]] == [1, 2, 3]
    turn = program.request("POST", f"{API}/{listed}/next").json()["line"]
    assert program.request("POST", f"{API}/{listed}/next").json()["line"]["number"] == turn["number"]
    said = {"customer_id": turn["customer_id"], "kind": "call", "body": "Spoke.", "outcome": "interested"}
    assert program.request("POST", "/api/v1/follow-ups", json=said).status_code == 201
    following = program.request("POST", f"{API}/{listed}/next").json()["line"]
    assert following["number"] != turn["number"]
    last = program.request("POST", f"{API}/{listed}/put-off").json()["line"]
    assert last["number"] not in {turn["number"], following["number"]}
    assert program.get(f"{API}/{listed}").json()["done"] == 1
    rows = {row["number"]: row for row in program.get(f"{API}/{listed}/lines").json()["items"]}
    assert (rows[turn["number"]]["state"], rows[turn["number"]]["outcome"]) == ("done", "interested")
    with house.runtime.database.system_session("look", write=False) as session:
        kept = set(session.scalars(select(AuditEntry.action)))
    assert {"telephony.view_list", "telephony.put_off"} <= kept


def test_others_find_neither_list_nor_lines(house, listed):
    other = house.browser.token(house.people["tom"])
    assert other.get(API).json()["items"] == []
    for method, path in (("GET", ""), ("GET", "/lines"), ("POST", "/next"), ("POST", "/put-off")):
        assert other.request(method, f"{API}/{listed}{path}").status_code == 404


def test_a_list_that_is_over_says_so(house, listed):
    program = house.browser.token(house.people["carol"])
    house.page("carol").post(f"/calls/lists/{listed}/close")
    assert program.request("POST", f"{API}/{listed}/next").status_code == 409
