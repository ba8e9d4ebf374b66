"""Spreadsheet cells as people fill them in: each is understood or refused with a message that says what to do.

A cell is what the csv module or calamine hands out: str, int, float, bool, date, datetime, time, timedelta or None.
Every parser returns None for an empty cell (`parse_text` returns "") and raises `CellError` and nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, NoReturn

from platform_core.kernel import phones
from platform_core.kernel.i18n import noop
from platform_core.kernel.phones import PhoneNumber

_MESSAGES: Final = {
    "ambiguous_date": noop('"%(value)s" can be read as several dates. Write the year first: 2026-11-22.'),
    "bad_amount": noop('"%(value)s" is not an amount. Write digits only, such as 12800.00.'),
    "bad_bool": noop('"%(value)s" is neither yes nor no. Write yes or no.'),
    "bad_date": noop('"%(value)s" is not a date. Write it as 2026-11-22.'),
    "bad_number": noop('"%(value)s" is not a number. Write digits only, such as 1280.5.'),
    "bad_phone": noop('"%(value)s" is not a phone number. Check the digits; a fixed line needs its area code.'),
    "currency": noop('"%(value)s" is not in yuan. Convert the amount and write it without a currency sign.'),
    "decimals": noop('"%(value)s" has more than two decimal places. Round the amount to cents.'),
    "formula": noop('"%(value)s" is a formula. Replace it by its value.'),
    "formula_error": noop('The cell shows the error "%(value)s". Correct the formula, or clear the cell.'),
    "lossy_number": noop(
        '"%(value)s" lost digits when it was stored as a number. Format the column as text and enter the cell again.'
    ),
    "no_day": noop('"%(value)s" names no day. Write the whole date, such as 2026-11-22.'),
    "no_such_date": noop('The day "%(value)s" does not exist, or lies before 1900 or after 2100. Correct the date.'),
    "several_phones": noop("The cell holds %(count)s phone numbers. Leave one here and move the others."),
    "too_large": noop('"%(value)s" is too large or too small to be stored. Check the number and its unit.'),
    "too_long": noop("The text has %(length)s characters, but only %(limit)s fit. Shorten it."),
    "too_many_phones": noop("The cell holds more than %(limit)s phone numbers. Keep the ones that are used."),
    "two_digit_year": noop('"%(value)s" has a year of two digits. Write all four: 2026-11-22.'),
    "unreadable": noop("The cell holds something that is neither text, number nor date. Replace it by text."),
}

MAX_PHONES: Final = 10
_SHOWN: Final = 40
_EXACT_FLOAT: Final = 10**15
_UNSPEAKABLE: Final = 10**30
_LARGEST: Final = Decimal(10) ** 13
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_SERIAL_START: Final = date(1899, 12, 30)  # the 1900 system counts a 29 February 1900 that never was
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 73_415  # 1927-05-18 to 2100-12-31; a smaller number is hardly a date
_CENT: Final = Decimal("0.01")

_DROPPED: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
# Most names and numbers: nothing to drop, and the first letter is none of those that programs put in front.
_CLEAN: Final = re.compile("[\u3400-\u4db5\u4e00-\u9fcba-zA-Z0-9]+")
_SPACES: Final = re.compile(r"[^\S\n]+")
_QUOTED: Final = re.compile(r'="([^"]*)"')
_ERROR_VALUE: Final = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!)", re.IGNORECASE)
# The word is wu, none.
EMPTY_WORDS: Final = frozenset(
    {"", "-", "--", "\u2014", "\u2014\u2014", "/", "\\", "\u65e0", "n/a", "null", "none", "nil"}
)
_INTEGRAL: Final = re.compile(r"[0-9]+(?:\.0+)?")
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?[Ee][+-]?[0-9]{1,3}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?|[+-]?[0-9]+\.")
# The words are wan and yi: ten thousand, a hundred million
_MULTIPLIER: Final = {"\u4e07": Decimal(10) ** 4, "\u4ebf": Decimal(10) ** 8}
# renminbi; yuan in its three spellings
_YUAN_BEFORE: Final = re.compile("^(?:\u00a5|rmb|cny|\u4eba\u6c11\u5e01)\\s*", re.IGNORECASE)
_YUAN_AFTER: Final = re.compile("\\s*(?:\u5143\u6574?|\u5706\u6574?|\u5713|rmb|cny)$", re.IGNORECASE)
# meiyuan, ouyuan, gangyuan/gangbi, riyuan: dollar, euro, Hong Kong dollar, yen
_OTHER_CURRENCY: Final = re.compile(
    "[$\u20ac\u00a3\u20a9\u20bd]|usd|eur|gbp|hkd|jpy|twd|\u7f8e\u5143|\u6b27\u5143|\u6e2f\u5143|\u6e2f\u5e01|\u65e5\u5143",
    re.IGNORECASE,
)
_TIME: Final = (
    r"(?:[T\s]\s*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\s*[ap]m)?(?:\s*(?:Z|[+-][0-9]{2}:?[0-9]{2}))?)?"
)
# nian, yue, ri/hao: year, month, day; then zhou/xingqi: weekday
_YEAR_FIRST: Final = re.compile(
    "([0-9]{4})\\s*[-/.\u5e74]\\s*([0-9]{1,2})\\s*[-/.\u6708]\\s*([0-9]{1,2})\\s*[\u65e5\u53f7]?"
    f"(?:\\s*\\(?(?:\u5468|\u661f\u671f).\\)?)?{_TIME}",
    re.IGNORECASE,
)
_DAY_OPEN: Final = re.compile("[0-9]{4}\\s*[-/.\u5e74]?\\s*(?:[0-9]{1,2}\\s*\u6708?)?")
_DAY_OR_MONTH_FIRST: Final = re.compile(
    rf"[0-9]{{1,2}}\s*[-/.]\s*[0-9]{{1,2}}\s*[-/.]\s*(?:[0-9]{{4}}|[0-9]{{2}}){_TIME}"
)
_NAMED_MONTH: Final = re.compile(
    rf"(?:(?P<d>[0-9]{{1,2}})[-\s./]+(?P<m>[a-z]{{3,9}})|(?P<m2>[a-z]{{3,9}})\.?[-\s]+(?P<d2>[0-9]{{1,2}}))"
    rf"[-\s.,/]+(?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}",
    re.IGNORECASE,
)
_MONTHS: Final = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
# shi/fou, you/wu, dui/cuo, tick and cross
_TRUE: Final = frozenset(
    {"1", "y", "yes", "true", "t", "on", "\u662f", "\u6709", "\u5bf9", "\u221a", "\u2713", "\u2714"}
)
_FALSE: Final = frozenset(
    {"0", "n", "no", "false", "f", "off", "\u5426", "\u65e0", "\u9519", "\u00d7", "\u2717", "\u2718"}
)


class Reported(ValueError):
    """A fault in a person's file. `message_id` is an English msgid with %(name)s places, filled from `params`."""

    def __init__(self, code: str, message_id: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(code, message_id, params)
        self.code = code
        self.message_id = message_id
        self.params = dict(params or {})

    def __str__(self) -> str:
        return self.message_id % self.params


class CellError(Reported):
    """One cell cannot be read."""


def _fail(code: str, value: object = "", **params: object) -> NoReturn:
    text = clean(str(value)).replace("\n", " ")
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}\u2026"
    raise CellError(code, _MESSAGES[code], {"value": shown, **params} if value != "" else params)


def clean(text: str) -> str:
    """Without control, zero-width and direction characters and without outer spaces; inner spaces become one."""
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text.strip())
    text = _DROPPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.strip() for line in _SPACES.sub(" ", text).split("\n")).strip()


def parse_text(value: object, *, max_length: int | None = None) -> str:
    """Text as it stands, without what cannot be seen. A number is written without `.0`, a date as 2026-11-22."""
    text = _as_text(value)
    if max_length is not None and len(text) > max_length:
        _fail("too_long", length=len(text), limit=max_length)
    return text


def parse_phone(value: object, region: str = "CN") -> PhoneNumber | None:
    numbers = parse_phones(value, region)
    if len(numbers) > 1:
        _fail("several_phones", count=len(numbers))
    return numbers[0] if numbers else None


def parse_phones(value: object, region: str = "CN") -> list[PhoneNumber]:
    """All numbers of the cell in their order, each once. One bad number refuses the cell."""
    if isinstance(value, (bool, date, time, timedelta)):
        _fail("bad_phone", value)
    if isinstance(value, (int, float)):
        text = _digits(value)
    else:
        text = _plain(value)
        if _SCIENTIFIC.fullmatch(text) or (_INTEGRAL.fullmatch(text) and "." in text):
            text = _written_out(text)
    found: dict[tuple[str, str | None], PhoneNumber] = {}
    for piece in phones.split_many(text):
        number = phones.normalise(piece, region)
        if number is None:
            _fail("bad_phone", piece)
        found.setdefault((number.e164, number.extension), number)
        if len(found) > MAX_PHONES:
            _fail("too_many_phones", limit=MAX_PHONES)
    return list(found.values())


def parse_date(value: object) -> date | None:
    """The day; a time of day is dropped. Years 1900 to 2100."""
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return _day(day.year, day.month, day.day, day.isoformat())
    if isinstance(value, (bool, time, timedelta)):
        _fail("bad_date", value)
    if isinstance(value, (int, float)):
        _check_finite(value, "bad_date")
        return _day_of_number(float(value), value)
    text = _plain(value)
    if not text:
        return None
    if re.fullmatch(r"[0-9]{4,8}(?:\.[0-9]{1,15})?", text):
        return _day_of_number(float(text), text)
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day_of_month = (int(part) for part in found.groups())
        return _day(year, month, day_of_month, text)
    if found := _NAMED_MONTH.fullmatch(text):
        return _day_of_named_month(found, text)
    if _DAY_OR_MONTH_FIRST.fullmatch(text):
        _fail("ambiguous_date", text)
    _fail("no_day" if _DAY_OPEN.fullmatch(text) else "bad_date", text)


def parse_number(value: object) -> Decimal | None:
    """Thousands separators, brackets for minus and the Chinese ten thousand are understood; below 10^13."""
    return _decimal(value, "bad_number")


def parse_money(value: object) -> Decimal | None:
    """An amount in yuan with two decimal places."""
    if isinstance(value, str):
        text = _plain(value)
        if _OTHER_CURRENCY.search(text):
            _fail("currency", text)
        value = _YUAN_AFTER.sub("", _YUAN_BEFORE.sub("", text))
        if text and not value:
            _fail("bad_amount", text)
    amount = _decimal(value, "bad_amount")
    if amount is None:
        return None
    cents = amount.quantize(_CENT)
    # A calculated 12800.000000000002 is 12800; a written 1.005 is a slip.
    if cents != amount and not (isinstance(value, float) and abs(cents - amount) < Decimal("0.00001")):
        _fail("decimals", value)
    return cents or Decimal("0.00")  # no minus before a zero


def parse_bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        _check_finite(value, "bad_bool")
    text = _as_half_width(value).casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text in EMPTY_WORDS:
        return None
    _fail("bad_bool", text)


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value if _CLEAN.fullmatch(value) else _unquoted(clean(value))
        case bool():
            return str(value).upper()
        case int() | float() | Decimal():
            return _number_text(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds") if value.time() != time() else value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            _fail("unreadable")


def _number_text(value: float | Decimal) -> str:
    _check_finite(value, "bad_number")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and abs(value) >= _EXACT_FLOAT:
        _fail("lossy_number", value)
    if value == int(value):
        return str(int(value))
    return format(Decimal(str(value)), "f")


def _check_finite(value: float | Decimal, code: str) -> None:
    """Also refuses what takes long to write out."""
    if isinstance(value, float) and not math.isfinite(value):
        _fail(code, value)
    if isinstance(value, Decimal) and (not value.is_finite() or value.adjusted() < -_SHOWN):
        _fail(code, value)
    if not -_UNSPEAKABLE < value < _UNSPEAKABLE:
        _fail("lossy_number", "1E+30")


def _unquoted(text: str) -> str:
    """Without what programs put around text to keep Excel from reading it: `="0138"` and a leading apostrophe."""
    if quoted := _QUOTED.fullmatch(text):
        return quoted.group(1).strip()
    if _ERROR_VALUE.fullmatch(text):
        _fail("formula_error", text)
    if text.startswith("="):
        _fail("formula", text)
    if text[:1] == "'" and phones.half_width(text[1:2]) in "=+-@ \n":
        return text[1:].lstrip()
    return text


def _as_half_width(value: object) -> str:
    return phones.half_width(_as_text(value)).strip()


def _plain(value: object) -> str:
    """Half-width text without an apostrophe in front; "" for what people write into empty cells."""
    text = _as_half_width(value).removeprefix("'").strip()
    return "" if text.casefold() in EMPTY_WORDS else text


def _digits(number: float) -> str:
    _check_finite(number, "bad_phone")
    if number != int(number) or number <= 0:
        _fail("bad_phone", number)
    # Seven zeros: 1.38E+10 was saved and read again, and would match all others of its kind.
    if number >= _EXACT_FLOAT or (number >= 10**9 and number % 10**7 == 0):
        _fail("lossy_number", f"{number:g}")
    return str(int(number))


def _lacks_digits(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent > 0


def _written_out(text: str) -> str:
    """The digits of `1.3812345678E+10`; refused when some are missing, as in `1.38E+10`."""
    number = Decimal(text)
    if _lacks_digits(number):
        _fail("lossy_number", text)
    if number.adjusted() > _SHOWN or number != number.to_integral_value() or number < 0:
        _fail("bad_phone", text)
    return str(int(number))


def _day(year: int, month: int, day: int, shown: str) -> date:
    try:
        if _FIRST_YEAR <= year <= _LAST_YEAR:
            return date(year, month, day)
    except ValueError:
        pass
    _fail("no_such_date", shown)


def _day_of_number(number: float, shown: object) -> date:
    """20261122, or the days since 1900 that Excel counts."""
    if _FIRST_SERIAL <= number < _LAST_SERIAL + 1:
        return _SERIAL_START + timedelta(days=int(number))
    if not number.is_integer():
        _fail("bad_date", shown)
    whole = int(number)
    if 10_000_000 <= whole <= 99_999_999:
        return _day(whole // 10_000, whole // 100 % 100, whole % 100, str(whole))
    if _FIRST_YEAR <= whole <= _LAST_YEAR or (_FIRST_YEAR <= whole // 100 <= _LAST_YEAR and 1 <= whole % 100 <= 12):
        _fail("no_day", whole)
    _fail("bad_date", shown)


def _day_of_named_month(found: re.Match[str], text: str) -> date:
    name = (found["m"] or found["m2"]).lower()
    month = next((n for n, full in enumerate(_MONTHS, 1) if name in {full, full[:3]} or name == full[:4] == "sept"), 0)
    if not month:
        _fail("bad_date", text)
    if len(found["y"]) == 2:
        _fail("two_digit_year", text)
    return _day(int(found["y"]), month, int(found["d"] or found["d2"]), text)


def _decimal(value: object, code: str) -> Decimal | None:
    match value:
        case bool() | date() | time() | timedelta():
            _fail(code, value)
        case int() | float() | Decimal():
            _check_finite(value, code)
            number, shown = Decimal(str(value)), f"{value:g}"
        case _:
            shown = _plain(value).replace(" ", "")
            if not shown:
                return None
            number = _decimal_of_text(shown, code)
    if abs(number) >= _LARGEST or number.adjusted() < -_SHOWN:
        _fail("too_large", shown)
    return number


def _decimal_of_text(text: str, code: str) -> Decimal:
    negative = text.startswith("(") and text.endswith(")")
    digits = text[1:-1] if negative else text
    multiplier = _MULTIPLIER.get(digits[-1:])
    if multiplier:
        digits = digits[:-1]
    if _SCIENTIFIC.fullmatch(digits):
        if _lacks_digits(Decimal(digits)):
            _fail("lossy_number", text)
    elif not _NUMBER.fullmatch(digits) or digits.strip("+-.") == "":
        _fail(code, text)
    number = Decimal(digits.replace(",", "")) * (multiplier or 1)
    return -number if negative else number
