"""Fields that letters may have, under their names in every language of the house. The letters are made by `letters`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from platform_core.exports.addressees import Addressee
from platform_core.kernel.i18n import LANGUAGES, speaking, translator

_ = translator("exports")
MAX_SIZE = 2 * 1024 * 1024
"""Bytes of a template"""
FIELDS: Mapping[str, Any] = {
    "customer": _.lazy("customer"),
    "code": _.lazy("code"),
    "contact": _.lazy("contact"),
    "title": _.lazy("title"),
    "division": _.lazy("contact's department"),
    "salutation": _.lazy("salutation"),
    "postcode": _.lazy("post code"),
    "address": _.lazy("address"),
    "city": _.lazy("city"),
    "date": _.lazy("date"),
    "sender": _.lazy("sender"),
}


def values_of(item: Addressee, *, sender: str, day: str) -> dict[str, str]:
    name = item.contact or item.customer
    salutations = {"m": _("Mr %(name)s", name=name), "f": _("Ms %(name)s", name=name)}
    return {
        "customer": item.customer, "code": item.code, "contact": name, "title": item.title,
        "division": item.division, "salutation": salutations.get(item.gender, name), "postcode": item.postcode,
        "address": item.address, "city": item.city, "date": day, "sender": sender,
    }  # fmt: skip


def day_of(day: date) -> str:
    """As letters write it."""
    return _("%(year)d-%(month)02d-%(day)02d", year=day.year, month=day.month, day=day.day)


def names() -> dict[str, str]:
    """What a field may be called -> its key."""
    names = {key: key for key in FIELDS}
    for code in LANGUAGES:
        with speaking(code):
            names.update({str(label).lower(): key for key, label in FIELDS.items()})
    return names
