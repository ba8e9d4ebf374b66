"""The types of custom fields that the core brings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

import pluggy
from sqlalchemy import Boolean, Date, Numeric, String, Text

from platform_core.contracts.fields import FieldType
from platform_core.kernel.cells import CellError, parse_bool, parse_date, parse_money, parse_number, parse_text
from platform_core.kernel.i18n import translator
from platform_core.web import formats

_ = translator("web")
hookimpl = pluggy.HookimplMarker("baton")
_LONGEST = 500
_LONGEST_NOTE = 5_000
_FINEST = Decimal("0.0001")


def _text(text: str, longest: int = _LONGEST) -> str:
    found = parse_text(text)
    if len(found) > longest:
        raise ValueError(_("At most %(limit)s characters.", limit=longest))
    return found


def _long_text(text: str) -> str:
    return _text(text, _LONGEST_NOTE)


def _link(text: str) -> str:
    """An address of the web; nothing that a browser would run."""
    found = _text(text)
    parts = urlsplit(found if "//" in found else f"https://{found}")
    if parts.scheme not in {"http", "https"} or "." not in (parts.hostname or "") or " " in found:
        raise ValueError(_("Write an address such as https://example.com."))
    return parts.geturl()


def _yes_no(text: str) -> bool:
    try:
        found = parse_bool(text)
    except CellError as error:
        raise ValueError(_("Write yes or no.")) from error
    if found is None:
        raise ValueError(_("Write yes or no."))
    return found


def _number(text: str) -> Decimal:
    try:
        found = parse_number(text)
    except CellError as error:
        raise ValueError(_("Write a number, such as 1280.50.")) from error
    if found is None:
        raise ValueError(_("Write a number, such as 1280.50."))
    if found != found.quantize(_FINEST):
        raise ValueError(_("At most four digits behind the point."))
    return found


def _money(text: str) -> Decimal:
    try:
        found = parse_money(text)
    except CellError as error:
        raise ValueError(_("Write an amount, such as 12800.00.")) from error
    if found is None:
        raise ValueError(_("Write an amount, such as 12800.00."))
    return found


def _date(text: str) -> date:
    try:
        found = parse_date(text)
    except CellError as error:
        raise ValueError(_("Write the date as 2026-11-22.")) from error
    if found is None:
        raise ValueError(_("Write the date as 2026-11-22."))
    return found


def _said(value: bool) -> str:  # noqa: FBT001  a value of the field
    return _("Yes") if value else _("No")


@hookimpl
def baton_field_types() -> list[FieldType]:
    return [
        FieldType("web.text", _.lazy("Text"), String(_LONGEST), _text, str, "text"),
        FieldType("web.long_text", _.lazy("Long text"), Text(), _long_text, str, "textarea"),
        FieldType("web.number", _.lazy("Number"), Numeric(18, 4), _number, lambda value: f"{value:,}", "number"),
        FieldType("web.money", _.lazy("Amount of money"), Numeric(18, 2), _money, formats.money, "number"),
        FieldType("web.date", _.lazy("Date"), Date(), _date, formats.day, "date"),
        FieldType("web.yes_no", _.lazy("Yes or no"), Boolean(), _yes_no, _said, "yesno"),
        FieldType("web.choice", _.lazy("Choice"), String(60), _text, str, "choice"),
        FieldType("web.choices", _.lazy("Several choices"), String(60), _text, str, "choices"),
        FieldType("web.link", _.lazy("Link"), String(_LONGEST), _link, str, "url"),
        FieldType("web.person", _.lazy("Person of the staff"), String(36), _text, str, "person"),
    ]  # fmt: skip
