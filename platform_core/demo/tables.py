"""The combination tables of `data/` and how names are drawn from them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any


@cache
def load(name: str) -> dict[str, Any]:
    """A file of `data/`, without its ending."""
    return tomllib.loads(resources.files(__package__).joinpath("data", f"{name}.toml").read_text("utf-8"))


def spread(weights: dict[Any, int]) -> list[Any]:
    """Each key as often as its weight says, so that drawing is one index."""
    return [key for key, weight in weights.items() for _ in range(weight)]


@dataclass(frozen=True, slots=True)
class Place:
    city: str
    region: str
    area: str


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    surname: str
    gender: str


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    short_name: str
    industry: str
    place: Place


class Names:
    """Draws people and companies; equal generators draw equal names."""

    def __init__(self) -> None:
        names = load("names")
        given, company = names["given"], names["company"]
        self._surnames = spread(names["surnames"])
        self._given = {
            "m": (given["male_first"], given["male_last"], given["single_male"]),
            "f": (given["female_first"], given["female_last"], given["single_female"]),
        }
        self._places = spread(
            {
                Place(city, region["code"], area): weight
                for region in names["regions"]
                for city, weight, area in region["cities"]
            }
        )
        self._industries = spread(
            {(found["code"], tuple(found["words"])): found["weight"] for found in names["industries"]}
        )
        self._first, self._last, self._forms = company["first"], company["last"], company["forms"]
        self.titles: list[str] = company["titles"]
        self.divisions: list[str] = company["divisions"]

    def person(self, random: Random) -> Person:
        gender = "m" if random.random() < 0.52 else "f"
        first, last, single = self._given[gender]
        surname = pick(random, self._surnames)
        given = pick(random, single) if random.random() < 0.16 else pick(random, first) + pick(random, last)
        return Person(surname + given, surname, gender)

    def place(self, random: Random) -> Place:
        found: Place = pick(random, self._places)
        return found

    def company(self, random: Random) -> Company:
        place = self.place(random)
        industry, words = pick(random, self._industries)
        brand = pick(random, self._first) + pick(random, self._last)
        name = f"{place.city}{brand}{pick(random, words)}{pick(random, self._forms)}"
        return Company(name, brand, industry, place)


def pick(random: Random, found: Any) -> Any:
    """As `random.choice`, four times as fast."""
    return found[int(random.random() * len(found))]
