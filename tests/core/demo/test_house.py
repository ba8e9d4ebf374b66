"""The invented organisation grows with the number of customers and is the same for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random
from statistics import median, quantiles

import pytest

from platform_core.demo import accounts, spec, tables

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_a_small_house_has_the_announced_accounts_and_both_routes():
    house = spec.make(300, 1, NOW).house
    logins = {account.login: account for account in house.accounts}
    assert set(accounts.announced()) <= set(logins)
    assert logins["admin"].role == "system_admin"
    assert logins["admin"].weight == 0
    assert [step.department.code for step in house.tracks[""]["training"].steps] == [
        "collection",
        "training",
        "clients",
        "service",
    ]
    assert [step.department.code for step in house.tracks[""]["headhunting"].steps] == [
        "collection",
        "headhunting",
        "service",
    ]
    assert [item["label"] for item in house.tracks[""]["training"].steps[2].checklist] == [
        "名单",
        "首付款",
        "发票",
        "课前沟通",
        "尾款",
    ]


def test_a_house_of_a_million_customers_has_four_levels_and_one_closed_department():
    house = spec.make(1_000_000, 1, NOW).house
    assert 180 <= len(house.departments) <= 220
    assert 1900 <= len(house.accounts) <= 2100
    assert max(depth for place in house.departments for _, depth in place.above()) == 3
    assert [place.is_active for place in house.departments].count(False) == 1
    assert all(account.has_left == (not _place(house, account).is_active) for account in house.accounts)


def _place(house, account):
    return next(place for place in house.departments if place.id == account.person.department_id)


def test_ownership_of_a_large_house_is_skewed():
    house = spec.make(1_000_000, 1, NOW).house
    random = Random(1)
    owned = Counter(house.owner(random.random()).login for _ in range(900_000))
    counts = sorted(owned.values())
    assert 180 <= median(counts) <= 400
    assert quantiles(counts, n=100)[-1] >= 1200
    assert counts[-1] > 6000


def test_equal_seeds_build_equal_houses():
    one, other, third = (spec.make(20_000, seed, NOW).house for seed in (7, 7, 8))
    described = [
        [(account.person, account.login, account.weight) for account in house.accounts] for house in (one, other, third)
    ]
    assert described[0] == described[1]
    assert described[0] != described[2]


@pytest.mark.parametrize("customers", [1, 300, 4000, 4001, 250_000])
def test_customers_come_in_order_and_codes_count_within_the_year(customers):
    made = spec.make(customers, 1, NOW)
    numbers = sorted({0, customers // 3, customers // 2, customers - 1})
    created = [made.created_at(number) for number in numbers]
    assert created == sorted(created)
    assert created[-1] < NOW
    codes = [made.code(number, at) for number, at in zip(numbers, created, strict=True)]
    assert len(set(codes)) == len(codes)
    assert codes[0].endswith("-00001")
    assert sum(made.counts().values()) == customers
    year, count = int(codes[-1].split("-")[1]), int(codes[-1].split("-")[2])
    assert made.counts()[year] == count


def test_a_million_company_names_are_mostly_distinct():
    names, random = tables.Names(), Random(3)
    found = [names.company(random).name for _ in range(50_000)]
    assert len(set(found)) > 49_000
