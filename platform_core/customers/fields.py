"""The fields of a customer: what each is called, which values it takes, how it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from platform_core.customers.custom import definitions
from platform_core.customers.custom import values as own
from platform_core.customers.forms import DICTIONARY_FIELDS
from platform_core.kernel import clock, dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("customers")

LABELS: dict[str, str] = {
    "name": _.lazy("Name"),
    "kind": _.lazy("Kind"),
    "code": _.lazy("Code"),
    "short_name": _.lazy("Short name"),
    "classification": _.lazy("Classification"),
    "status": _.lazy("Status"),
    "grade": _.lazy("Grade"),
    "industry": _.lazy("Industry"),
    "region": _.lazy("Region"),
    "city": _.lazy("City"),
    "source": _.lazy("Source"),
    "source_url": _.lazy("Source link"),
    "size": _.lazy("Size"),
    "nature": _.lazy("Nature"),
    "legal_person": _.lazy("Legal representative"),
    "website": _.lazy("Website"),
    "bank": _.lazy("Bank"),
    "bank_account": _.lazy("Bank account"),
    "tax_no": _.lazy("Tax number"),
    "credit": _.lazy("Credit"),
    "intent": _.lazy("Intent"),
    "notes": _.lazy("Notes"),
    "gender": _.lazy("Gender"),
    "birth_year": _.lazy("Year of birth"),
    "birth_month": _.lazy("Month of birth"),
    "birth_day": _.lazy("Day of birth"),
    "birth_lunar": _.lazy("Lunar birthday"),
    "birth_leap": _.lazy("Leap month"),
    "work_status": _.lazy("Work status"),
    "position": _.lazy("Position"),
    "education": _.lazy("Education"),
    "collected_on": _.lazy("Collected on"),
    "contact_name": _.lazy("Main contact"),
    "phone": _.lazy("Phone"),
    "email": _.lazy("Mail"),
    "wechat": _.lazy("WeChat"),
    "qq": _.lazy("QQ"),
    "mobile": _.lazy("Mobile"),
    "fax": _.lazy("Fax"),
    "tags": _.lazy("Tags"),
    "title": _.lazy("Title"),
    "division": _.lazy("Department there"),
    "street": _.lazy("Street"),
    "postcode": _.lazy("Postcode"),
    "is_primary": _.lazy("Main"),
    "filename": _.lazy("File"),
}
PERSON = _.lazy("Person")
BIRTH = ("birth_year", "birth_month", "birth_day", "birth_lunar", "birth_leap")
GROUPS: dict[str, tuple[str, ...]] = {
    _.lazy("Basics"): (
        "name",
        "short_name",
        "code",
        "kind",
        "classification",
        "status",
        "grade",
        "source",
        "source_url",
        "collected_on",
        "intent",
        "notes",
    ),
    _.lazy("Organisation"): (
        "industry",
        "nature",
        "size",
        "region",
        "city",
        "legal_person",
        "website",
        "tax_no",
        "bank",
        "bank_account",
        "credit",
    ),
    PERSON: ("gender", *BIRTH, "work_status", "position", "education"),
}
KINDS = {"organisation": _.lazy("Organisation"), "person": PERSON}
GENDERS = {"f": _.lazy("Female"), "m": _.lazy("Male")}
ADDRESS_KINDS = {
    "office": _.lazy("Office"), "billing": _.lazy("Billing"), "delivery": _.lazy("Delivery"), "home": _.lazy("Home"),
}  # fmt: skip
_SECRET = ("bank_account",)


def check(session: Session, values: Mapping[str, Any]) -> None:
    """Raises Invalid for codes that no dictionary has and for impossible dates of birth."""
    wrong: dict[str, str] = {}
    for name in DICTIONARY_FIELDS:
        code = values.get(name)
        if code and code not in dictionaries.entries(session, f"customers.{name}"):
            wrong[name] = _("Please choose from the list.")
    day, month, year = (values.get(f"birth_{part}") for part in ("day", "month", "year"))
    if day and month and not possible(day, month, year, is_lunar=bool(values.get("birth_lunar"))):
        wrong["birth_day"] = _("There is no such day.")
    if values.get("collected_on") and values["collected_on"] > clock.today():
        wrong["collected_on"] = _("This day is still to come.")
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit: values that JSON can hold, account numbers as masks."""
    return masked({name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()})


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: f"****{str(value)[-4:]}" if name in _SECRET and value and "*" not in str(value) else value
        for name, value in values.items()
    }


def masked_pairs(pairs: Mapping[str, list[Any]]) -> dict[str, tuple[Any, Any]]:
    """Field -> (before, after), account numbers as masks."""
    before, after = (masked({name: pair[side] for name, pair in pairs.items()}) for side in (0, 1))
    return {name: (before[name], after[name]) for name in pairs}


def shown(session: Session, name: str, value: Any) -> str:
    """A value as people read it: labels of codes, words for yes and no."""
    if value is None or value == "":
        return ""
    if name.startswith(definitions.PREFIX):
        return own.shown_by_name(session, name, value)
    if name in DICTIONARY_FIELDS:
        return dictionaries.label(session, f"customers.{name}", str(value))
    if name == "kind":
        return str(KINDS.get(value, value))
    if name == "gender":
        return str(GENDERS.get(value, value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)


def born(row: Any) -> str:
    """A birthday as people say it; "" while month or day are not known. Of customers and contacts."""
    if not row.birth_month or not row.birth_day:
        return ""
    if not row.birth_lunar:
        told = f"{row.birth_month:02}-{row.birth_day:02}"
        return f"{row.birth_year}-{told}" if row.birth_year else told
    month = _("leap month %(month)s", month=row.birth_month) if row.birth_leap else str(row.birth_month)
    words = _("lunar calendar, month %(month)s, day %(day)s", month=month, day=row.birth_day)
    return _("%(year)s, %(day)s", year=row.birth_year, day=words) if row.birth_year else words


def label(name: str, session: Session | None = None) -> str:
    """`session` is for the names of own fields, which only the database knows."""
    if session is not None and name.startswith(definitions.PREFIX):
        return dictionaries.label(session, definitions.DICTIONARY, name.removeprefix(definitions.PREFIX))
    return str(LABELS.get(name, name))


def possible(day: int, month: int, year: int | None, *, is_lunar: bool) -> bool:
    """Whether there is such a day; without a year, whether there is one in some year."""
    if is_lunar:
        return day <= 30
    try:
        date(year or 2000, month, day)
    except ValueError:
        return False
    return True
