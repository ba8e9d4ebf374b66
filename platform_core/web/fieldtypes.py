"""The types of custom fields that the core brings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pluggy
from sqlalchemy import Date, Numeric, String

from platform_core.contracts.fields import FieldType
from platform_core.kernel.cells import CellError, parse_date, parse_number, parse_text
from platform_core.kernel.i18n import translator
from platform_core.web import formats

_ = translator("web")
hookimpl = pluggy.HookimplMarker("baton")
_LONGEST = 500


def _text(text: str) -> str:
    found = parse_text(text)
    if len(found) > _LONGEST:
        raise ValueError(_("At most %(limit)s characters.", limit=_LONGEST))
    return found


def _number(text: str) -> Decimal:
    try:
        found = parse_number(text)
    except CellError as error:
        raise ValueError(_("Write a number, such as 1280.50.")) from error
    if found is None:
        raise ValueError(_("Write a number, such as 1280.50."))
    return found


def _date(text: str) -> date:
    try:
        found = parse_date(text)
    except CellError as error:
        raise ValueError(_("Write the date as 2026-11-22.")) from error
    if found is None:
        raise ValueError(_("Write the date as 2026-11-22."))
    return found


@hookimpl
def baton_field_types() -> list[FieldType]:
    return [
        FieldType("web.text", _.lazy("Text"), String(_LONGEST), _text, str, "text"),
        FieldType("web.number", _.lazy("Number"), Numeric(18, 4), _number, lambda value: f"{value:,}", "number"),
        FieldType("web.date", _.lazy("Date"), Date(), _date, formats.day, "date"),
        FieldType("web.choice", _.lazy("Choice"), String(60), _text, str, "choice"),
    ]
