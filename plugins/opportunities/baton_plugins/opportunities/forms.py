"""Typed input of pages and API, and the rules about single values that both share."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from platform_core.api import Bound, Invalid, translator

_ = translator("opportunities")
AMOUNTS = ("expected_value", "amount")
_LARGEST = Decimal(10) ** 10

Title = Annotated[str, Meta(min_length=1, max_length=120)]
Percent = Annotated[int, Meta(ge=0, le=100)]
TypeCode = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)?$")]
"""With a dot those of plugins, which nobody else may give"""
TypeName = Annotated[str, Meta(min_length=1, max_length=80)]
Order = Annotated[int, Meta(ge=0, le=9999)]


class OpportunityInput(msgspec.Struct, kw_only=True):
    """A new or changed opportunity. `project_type` is the type's code."""

    title: Title
    project_type: Annotated[str, Meta(min_length=1, max_length=40)]
    need: Annotated[str, Meta(max_length=5000)] = ""
    expected_value: Decimal | None = None
    probability: Percent = 50
    expected_on: date | None = None
    department_id: UUID | None = None
    """Who works on it next, for a type that has no route yet."""


class OpportunityChanges(msgspec.Struct, kw_only=True):
    """What may be changed later; fields left out stay."""

    title: Title | msgspec.UnsetType = msgspec.UNSET
    need: Annotated[str, Meta(max_length=5000)] | msgspec.UnsetType = msgspec.UNSET
    expected_value: Decimal | msgspec.UnsetType | None = msgspec.UNSET
    probability: Percent | msgspec.UnsetType = msgspec.UNSET
    expected_on: date | msgspec.UnsetType | None = msgspec.UNSET
    version: int | None = None
    """As read; a stale one is refused."""


class EditForm(msgspec.Struct, kw_only=True):
    """The edit page: always sends every field, so an empty one is meant."""

    title: Title
    version: int
    need: Annotated[str, Meta(max_length=5000)] = ""
    expected_value: Decimal | None = None
    probability: Percent = 50
    expected_on: date | None = None


class LostInput(msgspec.Struct, kw_only=True):
    """Why an opportunity was lost, and whether its engagement ends with it."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    cancel_engagement: bool = False


class ContractInput(msgspec.Struct, kw_only=True):
    """A signed contract; the file comes beside it."""

    number: Annotated[str, Meta(min_length=1, max_length=60)]
    signed_on: date
    amount: Decimal
    starts_on: date | None = None
    ends_on: date | None = None
    term: Annotated[str, Meta(max_length=200)] = ""


class ContractChanges(msgspec.Struct, kw_only=True):
    """What may be corrected later; fields left out stay."""

    number: Annotated[str, Meta(min_length=1, max_length=60)] | msgspec.UnsetType = msgspec.UNSET
    signed_on: date | msgspec.UnsetType = msgspec.UNSET
    amount: Decimal | msgspec.UnsetType = msgspec.UNSET
    starts_on: date | msgspec.UnsetType | None = msgspec.UNSET
    ends_on: date | msgspec.UnsetType | None = msgspec.UNSET
    term: Annotated[str, Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    attachment_id: UUID | None = None
    """Another file, attached to the customer before."""
    version: int | None = None
    """As read; a stale one is refused."""


class ProjectTypeInput(msgspec.Struct, kw_only=True):
    """A kind of business as admins keep it."""

    code: TypeCode
    name: TypeName
    route_id: UUID | None = None
    active: bool = False
    order: Order = 50


class ProjectTypeChanges(msgspec.Struct, kw_only=True):
    """What may be changed of a kind of business; fields left out stay."""

    code: TypeCode | msgspec.UnsetType = msgspec.UNSET
    name: TypeName | msgspec.UnsetType = msgspec.UNSET
    route_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    order: Order | msgspec.UnsetType = msgspec.UNSET


def typed(given: Mapping[str, str]) -> dict[str, str]:
    """A form's texts, with amounts as people write them (`¥38,000`, full-width digits) made readable for `bind`."""
    texts = dict(given)
    for name in AMOUNTS:
        if texts.get(name):
            plain = unicodedata.normalize("NFKC", texts[name])
            texts[name] = plain.strip().strip("¥$").replace(",", "").replace(" ", "")
    return texts


def check_amount(name: str, value: Decimal | None) -> dict[str, str]:
    """What is wrong with an amount of money, by field; empty when nothing is."""
    if value is None:
        return {}
    if not value.is_finite():
        return {name: _("Write a number, such as 1280.50.")}
    if value < 0:
        return {name: _("An amount cannot be negative.")}
    if value >= _LARGEST:
        return {name: _("This amount is too large.")}
    return {}


def note_amounts(bound: Bound[Any]) -> None:
    """Report a senseless amount along with a refused form's other mistakes, not only once those are gone."""
    for name in AMOUNTS:
        if bound.get(name) and not bound.error(name):
            bound.errors.update(check_amount(name, Decimal(bound.get(name))))


def check_opportunity(values: Mapping[str, Any]) -> None:
    """Raise Invalid unless the given fields make sense."""
    errors = check_amount("expected_value", values.get("expected_value"))
    if "title" in values and not values["title"].strip():
        errors["title"] = _("Please fill this in.")
    if errors:
        raise Invalid(_("Please check the marked fields."), fields=errors)


def check_contract(data: ContractInput, today: date) -> dict[str, str]:
    """What is wrong with a contract, by field; empty when nothing is."""
    errors = check_amount("amount", data.amount)
    if not data.number.strip():
        errors["number"] = _("Please fill this in.")
    if data.signed_on > today:
        errors["signed_on"] = _("A contract cannot have been signed in the future.")
    if data.starts_on and data.ends_on and data.ends_on < data.starts_on:
        errors["ends_on"] = _("The end lies before the start.")
    return errors
