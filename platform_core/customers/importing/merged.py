"""Codes of a checked table that became part of others before its rows are written.

New rows go past the unit of work, which would see to that (kernel.dictionaries).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from platform_core.customers.custom.definitions import known
from platform_core.customers.importing import own
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries

Codes = Mapping[str, Mapping[str, str]]
"""Name of a value -> code that was merged -> the one that it means now"""


def codes(session: Session) -> Codes:
    """As of this moment; empty where nothing was ever merged."""
    fields = [item for item in known(session).fields if item.data.dictionary]
    holders = [*dictionaries.holding(Customer), *((own.named(item), item.data.dictionary) for item in fields)]
    found = {}
    for name, dictionary in holders:
        entries = dictionaries.entries(session, dictionary)
        gone = {code: dictionaries.current(session, dictionary, code) for code in entries if entries[code].merged_into}
        if gone:
            found[name] = gone
    return found


def meant(values: Mapping[str, Any], gone: Codes) -> dict[str, Any]:
    """The values of a row with the codes that they mean."""
    return {name: _meant(value, gone[name]) if name in gone else value for name, value in values.items()}


def _meant(value: Any, gone: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return list(dict.fromkeys(gone.get(code, code) for code in value))
    return gone.get(value, value) if isinstance(value, str) else value
