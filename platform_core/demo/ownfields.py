"""Fields that the invented firm has added to its customers (data/fields.toml)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import msgspec

from platform_core.customers.custom.definitions import DICTIONARY, OWN_LIST, Data
from platform_core.demo import tables
from platform_core.demo.spec import Spec
from platform_core.kernel.clock import local
from platform_core.kernel.models import DictionaryRow

_SAID = ("type", "group", "help", "filterable")


def rows() -> Iterator[DictionaryRow]:
    """The definitions, and the lists that belong to them."""
    for place, told in enumerate(tables.load("fields")["fields"], 1):
        key, labels = told["key"], told.get("entries", ())
        own = OWN_LIST + key if labels else ""
        data = Data(dictionary=own, **{name: told[name] for name in _SAID if name in told})
        yield DictionaryRow(
            dictionary=DICTIONARY, code=key, label=told["label"], order=place * 10, data=msgspec.to_builtins(data)
        )
        for number, label in enumerate(labels, 1):
            yield DictionaryRow(dictionary=own, code=f"x{number}", label=label, order=number * 10)


def invented(spec: Spec, code: str) -> dict[str, Any]:
    """What is known of the customer with this code, as `customers.custom.values` keeps it."""
    random = Random(f"{spec.seed}/{code}")  # of its own: what else a seed invents stays as it is
    found: dict[str, Any] = {}
    for told in tables.load("fields")["fields"]:
        if random.random() >= told["known"]:
            continue
        if "days" in told:
            found[told["key"]] = (local(spec.now).date() + timedelta(days=random.choice(told["days"]))).isoformat()
        elif "entries" in told:
            codes = [f"x{number}" for number in range(1, len(told["entries"]) + 1)]
            found[told["key"]] = sorted(random.sample(codes, random.randint(1, 2)))
        else:
            found[told["key"]] = random.choice(told["values"])
    return found
