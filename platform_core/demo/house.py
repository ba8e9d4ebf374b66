"""The organisation: departments, people with roles and accounts, routes, tags. Grows with the number of customers."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import Any
from uuid import UUID

from platform_core.contracts.demo import DemoHouse, DemoPerson
from platform_core.demo import tables
from platform_core.kernel import ids

_CUSTOMERS_PER_USER = 500
_USERS_PER_BRANCH = 150
_SMALLEST_BRANCH = 24
_TOP_ACCOUNTS = 0.0075
"""Share of people who keep bought lists and own a fifth of everything."""


@dataclass(slots=True)
class Place:
    """A department with the people who work in it."""

    id: UUID
    code: str
    name: str
    parent: Place | None
    is_active: bool = True
    people: list[DemoPerson] = field(default_factory=list)

    def above(self) -> Iterator[tuple[Place, int]]:
        """Itself and every department above it, with the distance."""
        found: Place | None = self
        depth = 0
        while found is not None:
            yield found, depth
            found, depth = found.parent, depth + 1


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account. `weight` is how many customers they own, compared with others."""

    person: DemoPerson
    login: str
    title: str
    role: str
    weight: float
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    department: Place
    title: str
    needs: tuple[str, ...]
    checklist: tuple[dict[str, Any], ...]
    accept_hours: int
    work_days: int


@dataclass(frozen=True, slots=True)
class Track:
    """A route of one part of the house."""

    id: UUID
    code: str
    type: str
    name: str
    steps: tuple[Step, ...]


@dataclass(slots=True)
class House:
    """Everything that customers are distributed over. Pickled for the loading processes."""

    departments: list[Place] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    tracks: dict[str, dict[str, Track]] = field(default_factory=dict)
    """Part of the house ("" or a branch's code) -> type -> route."""
    part_of: dict[UUID, str] = field(default_factory=dict)
    """Department -> part of the house."""
    tags: dict[str, UUID] = field(default_factory=dict)
    tones: dict[str, str] = field(default_factory=dict)
    type_names: dict[str, str] = field(default_factory=dict)
    _owners: list[Account] = field(default_factory=list)
    _bounds: list[float] = field(default_factory=list)

    def person(self, login: str) -> DemoPerson:
        return next(account.person for account in self.accounts if account.login == login)

    def weigh(self) -> None:
        """After the last account: who may own customers."""
        self._owners = [account for account in self.accounts if account.weight]
        self._bounds = list(accumulate(account.weight for account in self._owners))

    def owner(self, chance: float) -> Account:
        """The owner at `chance` (0 to 1) of all customers."""
        return self._owners[min(bisect(self._bounds, chance * self._bounds[-1]), len(self._owners) - 1)]

    def track(self, owner: DemoPerson, kind: str) -> Track:
        return self.tracks[self.part_of.get(owner.department_id, "")][kind]

    def for_plugins(self) -> DemoHouse:
        return DemoHouse({kind: track.id for kind, track in self.tracks[""].items()}, self.type_names)


class Builder:
    """Builds a house for a number of customers; equal seeds build equal houses."""

    def __init__(self, customers: int, seed: int, founded: datetime) -> None:
        self._random = Random(f"{seed}/house")
        self._founded = founded
        self._stamp = int(founded.timestamp() * 1000) * 4096
        self._names = tables.Names()
        self._plan = tables.load("organisation")
        self._users = customers // _CUSTOMERS_PER_USER
        self.house = House()

    def build(self) -> House:
        root = self._department("company", self._plan["name"], None)
        by_code = {"company": root}
        for found in self._plan["departments"]:
            by_code[found["code"]] = self._department(
                found["code"], found["name"], by_code[found.get("parent", "company")]
            )
            for person in found["people"]:
                self._account(by_code[found["code"]], person["login"], person)
        self._tracks("", "", by_code)
        left = self._users - len(self.house.accounts)
        cities = self._plan["branches"]["cities"]
        count = min(len(cities) - 2, max(left // _USERS_PER_BRANCH, 1)) if left >= _SMALLEST_BRANCH else 0
        for number, city in enumerate(cities[:count]):
            self._branch(root, city, f"branch{number + 1}", left // count, is_last=number == count - 1)
        for tag in self._plan["tags"]:
            self.house.tags[tag["name"]], self.house.tones[tag["name"]] = self._id(), tag["tone"]
        self.house.weigh()
        return self.house

    def _id(self) -> UUID:
        self._stamp += 1
        return ids.at_stamp(self._stamp, self._random.getrandbits(62))

    def _department(self, code: str, name: str, parent: Place | None, *, is_active: bool = True) -> Place:
        place = Place(self._id(), code, name, parent, is_active)
        self.house.departments.append(place)
        return place

    def _account(
        self, place: Place, login: str, told: dict[str, Any], *, weight: float | None = None, has_left: bool = False
    ) -> None:
        name = told.get("name") or self._names.person(self._random).name
        person = DemoPerson(self._id(), name, place.id, place.name)
        place.people.append(person)
        self.house.accounts.append(
            Account(
                person,
                login,
                told["title"],
                told["role"],
                float(told.get("weight", 0)) if weight is None else weight,
                has_left,
            )
        )

    def _tracks(self, part: str, city: str, places: dict[str, Place]) -> None:
        found = {}
        for route in self._plan["routes"]:
            steps = tuple(_step(step, places[step["department"]]) for step in route["steps"])
            code = f"{route['code']}-{part}" if part else route["code"]
            name = f"{route['name']} ({city})" if city else route["name"]
            found[route["type"]] = Track(self._id(), code, route["type"], name, steps)
            self.house.type_names[route["type"]] = route["type_name"]
        self.house.tracks[part] = found

    def _branch(self, root: Place, city: str, code: str, users: int, *, is_last: bool) -> None:
        """A branch: its five working departments, and groups of collectors below the first."""
        plan = self._plan["branches"]
        branch = self._department(code, plan["name"].format(city=city), root)
        self._account(branch, f"{code}.head", {"title": branch.name, "role": "department_head"})
        places = {}
        shares = {"collection": 0.22, "training": 0.12, "headhunting": 0.07, "clients": 0.06, "service": 0.05}
        made = {found["code"]: found["name"] for found in self._plan["departments"]}
        for name, share in shares.items():
            places[name] = self._department(f"{code}.{name}", f"{city}{made[name]}", branch)
            weight = 1.0 if name == "collection" else 0.35
            self._staff(places[name], max(2, round(users * share)), weight)
        groups = max(1, min(len(plan["numbers"]) - 1, round(users * 0.48 / 8)))
        for number in range(groups):
            label = plan["group"].format(city=city, number=plan["numbers"][number])
            is_closed = is_last and number == groups - 1 and groups > 1
            group = self._department(f"{code}.group{number + 1}", label, places["collection"], is_active=not is_closed)
            self._staff(group, max(1, round(users * 0.48 / groups)), 1.0, has_left=is_closed)
        for place in self.house.departments:
            if branch in (above for above, _depth in place.above()):
                self.house.part_of[place.id] = code
        self._tracks(code, city, places)

    def _staff(self, place: Place, count: int, weight: float, *, has_left: bool = False) -> None:
        plan = self._plan["branches"]
        for number in range(count):
            told = {"title": plan["title"], "role": "coordinator"}
            if number == 0 and not has_left:
                told = {"title": plan["head"].format(department=place.name), "role": "department_head"}
            share = weight * self._random.gammavariate(1.25, 0.8)
            if weight == 1.0 and self._random.random() < _TOP_ACCOUNTS:
                share = 26.0
            self._account(place, f"{place.code}.{number + 1}", told, weight=share, has_left=has_left)


def _step(told: dict[str, Any], place: Place) -> Step:
    checklist = tuple(
        {"key": f"item{number}", "label": label, "required": True}
        for number, label in enumerate(told.get("checklist", ()), 1)
    )
    needs = tuple(told.get("needs", ()))
    return Step(place, told["title"], needs, checklist, told["accept_hours"], told["work_days"])
