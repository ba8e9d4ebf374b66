"""Birthdays as people write them in tables: of either calendar, with the year or without; also as lists export them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any, Final

from platform_core.customers import fields
from platform_core.customers.importing.refusing import STILL_TO_COME, Refused
from platform_core.kernel import cells, clock
from platform_core.kernel.i18n import noop

_NO_DAY: Final = noop('"%(value)s" is no day of the lunar calendar.')
# nongli, yinli, jiuli: what the lunar calendar is called
_MARK: Final = re.compile("\u519c\u5386|\u9634\u5386|\u65e7\u5386|lunar(?:\\s+calendar)?", re.IGNORECASE)
# run: leap; zheng, dong, la: the first, eleventh and twelfth month; chu, nian: days up to ten, from 21. Only the lunar
# calendar has these.
_ONLY_LUNAR: Final = re.compile("[\u95f0\u6b63\u51ac\u814a\u521d\u5eff]")
_LUNAR: Final = re.compile(
    "(?:(?P<year>[0-9]{4})\\s*[-/.,\u5e74]?\\s*)?"
    "(?:month\\s+)?(?P<leap>\u95f0|leap\\s+)?(?:month\\s+)?(?P<month>[0-9]{1,2}|[^0-9\\s]{1,2}?)"
    "\\s*[-/.,\u6708]\\s*(?:day\\s+)?(?P<day>[0-9]{1,2}|[^0-9\\s]{1,3}?)\\s*[\u65e5\u53f7]?",
    re.IGNORECASE,
)
_COMMAS: Final = re.compile(r"\s*,[\s,]*")
# yue, ri/hao: month, day
_NO_YEAR: Final = re.compile("([0-9]{1,2})\\s*[-\u6708]\\s*([0-9]{1,2})\\s*[\u65e5\u53f7]?")
# one to nine, ten; then dong, la and zheng, which are months
_DIGITS: Final = {sign: at for at, sign in enumerate("\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d", 1)}
_TEN: Final = "\u5341"
_MONTHS: Final = {"\u6b63": 1, "\u51ac": 11, "\u814a": 12}
_LONGEST: Final = 40


def parse(cell: object) -> dict[str, Any]:
    """`fields.BIRTH` of a cell, none of them for an empty one. Raises CellError, Refused."""
    text = unicodedata.normalize("NFKC", cell).strip() if isinstance(cell, str) else ""
    if _MARK.search(text) or _ONLY_LUNAR.search(text):
        return _lunar(text)
    if found := _NO_YEAR.fullmatch(text):
        month, day = (int(part) for part in found.groups())
        if fields.possible(day, month, None, is_lunar=False):
            return _born(None, month, day)
    solar: date | None = cells.parse_date(cell)
    if solar is not None and solar > clock.today():
        raise Refused(STILL_TO_COME)
    return _born(solar.year, solar.month, solar.day) if solar else {}


def _lunar(text: str) -> dict[str, Any]:
    found = _LUNAR.fullmatch(_COMMAS.sub(", ", _MARK.sub("", text)).strip(" ,"))
    month = day = 0
    if found is not None:
        month, day = _number(found["month"]), _number(found["day"])
    if found is None or not 1 <= month <= 12 or not 1 <= day <= 30:
        raise Refused(_NO_DAY, value=text[:_LONGEST])
    year = int(found["year"]) if found["year"] else None
    if year is not None and year > clock.today().year:
        raise Refused(STILL_TO_COME)
    return _born(year, month, day, lunar=True, leap=bool(found["leap"]))


def _number(text: str) -> int:
    """Of a month or day in digits or in words; 0 for neither."""
    if text.isdecimal():
        return int(text)
    if text in _MONTHS:
        return _MONTHS[text]
    word = text.removeprefix("\u521d").replace("\u5eff", "\u4e8c\u5341")
    tens, ten, ones = word.partition(_TEN)
    if not ten:
        return _DIGITS.get(word, 0)
    known = tens in {"", *_DIGITS} and ones in {"", *_DIGITS}
    return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0) if known else 0


def _born(year: int | None, month: int, day: int, *, lunar: bool = False, leap: bool = False) -> dict[str, Any]:
    return dict(zip(fields.BIRTH, (year, month, day, lunar, leap), strict=True))
