"""What may be put in about customers, contacts and addresses; shared by pages, API and import.

A field that is not given stays as it is; text is stripped, blank text clears. Contact points are given as text
(`phone` may hold several numbers); a mask that comes back unchanged changes nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from platform_core.web.forms import Bound, FormData, bind

T = TypeVar("T", bound=msgspec.Struct)

Code = Annotated[str, Meta(max_length=60)] | UnsetType
"""A code of the dictionary `customers.<field>`."""
Text40 = Annotated[str, Meta(max_length=40)] | UnsetType
Text60 = Annotated[str, Meta(max_length=60)] | UnsetType
Text120 = Annotated[str, Meta(max_length=120)] | UnsetType
Text200 = Annotated[str, Meta(max_length=200)] | UnsetType
Text500 = Annotated[str, Meta(max_length=500)] | UnsetType
Note = Annotated[str, Meta(max_length=10_000)] | UnsetType
Year = Annotated[int, Meta(ge=1900, le=2100)] | None | UnsetType
Month = Annotated[int, Meta(ge=1, le=12)] | None | UnsetType
Day = Annotated[int, Meta(ge=1, le=31)] | None | UnsetType
Name = Annotated[str, Meta(min_length=1, max_length=120)]
PersonName = Annotated[str, Meta(min_length=1, max_length=60)]

DICTIONARY_FIELDS = (
    "classification", "status", "grade", "industry", "region", "source", "size", "nature", "work_status", "education",
)  # fmt: skip
POINT_FIELDS = ("phone", "email", "wechat")


class CustomerPatch(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Changes of a customer: only the given fields."""

    name: Name | UnsetType = UNSET
    kind: Literal["organisation", "person"] | UnsetType = UNSET
    code: Text40 = UNSET
    short_name: Text40 = UNSET
    classification: Code = UNSET
    status: Code = UNSET
    grade: Code = UNSET
    industry: Code = UNSET
    region: Code = UNSET
    city: Text60 = UNSET
    source: Code = UNSET
    source_url: Text500 = UNSET
    size: Code = UNSET
    nature: Code = UNSET
    legal_person: Text60 = UNSET
    website: Text200 = UNSET
    bank: Text120 = UNSET
    bank_account: Text60 = UNSET
    tax_no: Text40 = UNSET
    credit: Text60 = UNSET
    intent: Text200 = UNSET
    notes: Note = UNSET
    gender: Literal["", "m", "f"] | UnsetType = UNSET
    birth_year: Year = UNSET
    birth_month: Month = UNSET
    birth_day: Day = UNSET
    birth_lunar: bool | UnsetType = UNSET
    birth_leap: bool | UnsetType = UNSET
    work_status: Code = UNSET
    position: Text60 = UNSET
    education: Code = UNSET
    collected_on: date | UnsetType | None = UNSET
    contact_name: Text60 = UNSET
    """The main contact of an organisation."""
    phone: Text200 = UNSET
    email: Text200 = UNSET
    wechat: Text60 = UNSET
    custom: dict[str, Any] | UnsetType = UNSET
    """Own fields: key -> value; null or blank clears. Those that are not named stay as they are."""


class CustomerInput(CustomerPatch, kw_only=True, omit_defaults=True):
    """A new customer. Without a code one is made; without a status the customer is new."""

    name: Name
    lead: bool = False
    """Only a lead so far."""


class ContactPatch(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Changes of a contact: only the given fields."""

    name: PersonName | UnsetType = UNSET
    title: Text60 = UNSET
    division: Text60 = UNSET
    gender: Literal["", "m", "f"] | UnsetType = UNSET
    birth_year: Year = UNSET
    birth_month: Month = UNSET
    birth_day: Day = UNSET
    birth_lunar: bool | UnsetType = UNSET
    birth_leap: bool | UnsetType = UNSET
    notes: Note = UNSET
    is_primary: bool | UnsetType = UNSET
    phone: Text200 = UNSET
    email: Text200 = UNSET
    wechat: Text60 = UNSET


class ContactInput(ContactPatch, kw_only=True, omit_defaults=True):
    """A new contact; without `customer_id` it stands alone and belongs to whoever made it."""

    name: PersonName
    customer_id: UUID | None = None


class AddressInput(msgspec.Struct, kw_only=True):
    kind: Literal["office", "billing", "delivery", "home"] = "office"
    region: Annotated[str, Meta(max_length=60)] = ""
    city: Annotated[str, Meta(max_length=60)] = ""
    street: Annotated[str, Meta(min_length=1, max_length=200)]
    postcode: Annotated[str, Meta(max_length=12)] = ""
    is_primary: bool = False


class DuplicateQuery(msgspec.Struct, kw_only=True):
    """What is known of somebody who may be in the house already."""

    name: Annotated[str, Meta(max_length=120)] = ""
    phone: Annotated[str, Meta(max_length=200)] = ""
    email: Annotated[str, Meta(max_length=200)] = ""


def given(data: msgspec.Struct) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}


def bind_whole(struct: type[T], form: FormData) -> Bound[T]:
    """As `bind`, for a form that shows every field: one that was emptied is cleared, not left alone."""
    bound = bind(struct, form)
    if bound.value is not None:
        for info in msgspec.structs.fields(struct):
            emptied = info.encode_name in form and not form.get(info.encode_name).strip()
            if emptied and not info.required and getattr(bound.value, info.name) is UNSET:
                setattr(bound.value, info.name, _cleared(info.type))
    return bound


def _cleared(annotation: Any) -> Any:
    """What empty means for a field: None where it may be null, empty text where that is allowed, else nothing."""
    for empty in (None, ""):
        try:
            return msgspec.convert(empty, annotation)
        except msgspec.ValidationError:
            continue
    return UNSET
