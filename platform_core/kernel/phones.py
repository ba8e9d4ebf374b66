"""Phone numbers as people write them in China, on top of `phonenumbers`.

Everything that stores, looks up or shows a number goes through this module, so that a caller's number meets the stored
one. Numbers are E.164 inside; the column types encrypt them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

Kind = Literal["mobile", "fixed", "other"]

_MAX_LENGTH: Final = 60
_SHORT_CODE: Final = 6
"""Digits at most of extensions and service numbers such as 95588."""
_LOCAL_DIGITS: Final = 8
"""Digits at most of a number within its own area."""
_HALF_WIDTH: Final = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys([0x3000, 0x00A0, 0x2007, 0x202F, 0x2002, 0x2003, 0x2009], " "),
    **dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212], "-"),
    # zero-width and direction marks, which spreadsheets and chat programs leave behind
    **dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0x00AD]),
    0xFFE5: "\u00a5",
}
_CN_METADATA: Final = phonenumbers.PhoneMetadata.metadata_for_region("CN")
if _CN_METADATA is None or _CN_METADATA.mobile is None or _CN_METADATA.mobile.national_number_pattern is None:
    raise RuntimeError("the phonenumbers package has no metadata for China")
_CN_MOBILE: Final = re.compile(_CN_METADATA.mobile.national_number_pattern, re.ASCII)
# The short way for nine of ten numbers: 40 times faster than the general parser, with its own pattern.
_CN_MOBILE_WRITTEN: Final = re.compile(r"(?:\+?86|0086)?0?(1[0-9]{10})")
_IP_PREFIX: Final = re.compile(r"(?:179[0-9]{2}|12593|10193|11808)0?(?=[0-9]{10})")
_LABEL: Final = re.compile(r"[^0-9+(]{1,20}:|(?:tel|phone|mobile|mob|cell|fax)\b\.?", re.IGNORECASE)
# zhuan (put through), the same in traditional characters, fenji (extension)
_EXTENSION: Final = re.compile(
    r"\s*[,(-]?\s*(?:\u8f6c|\u8f49|\u5206\u673a\u53f7?|extension|ext\.?|x|#)\s*[:.-]?\s*([0-9]{1,6})\s*\)?$",
    re.IGNORECASE,
)
_DASHED_EXTENSION: Final = re.compile(r"(.*[0-9].*)-\s*([0-9]{1,6})$")
_ALLOWED: Final = re.compile(r"\(?\+?[0-9 ().\-/]+")
_SEPARATORS: Final = re.compile(r"[/\u3001;,|\r\n\t\u6216]+|\bor\b")  # the last character: huo, "or"
_AREA_CODE: Final = re.compile(r"\(?0[0-9]{2,3}\)?")
_CN_TWO_DIGIT_AREA: Final = re.compile(r"10|2[0-9]")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """e164: `+` and digits. extension: digits, or None."""

    e164: str
    kind: Kind
    extension: str | None = None


def half_width(text: str) -> str:
    """Full-width ASCII, odd spaces and dashes as ASCII; zero-width characters dropped. Superscripts stay."""
    return text if text.isascii() else text.translate(_HALF_WIDTH)


def normalise(text: str, region: str = "CN") -> PhoneNumber | None:
    """The one number in `text`, or None when it is none that can be dialled from anywhere.

    `region` (ISO 3166) tells how to read a number without a country code. Short codes, internal extensions and local
    numbers without their area code are None.
    """
    if len(text) > _MAX_LENGTH:
        return None
    written = half_width(text).strip()
    if label := _LABEL.match(written):
        written = written[label.end() :].strip()
    main, extension = written, None
    if found := _EXTENSION.search(written):
        main, extension = written[: found.start()], found.group(1)
    number = _parse(main, region, extension)
    if number is None and extension is None and (found := _DASHED_EXTENSION.fullmatch(main)):
        number = _parse(found.group(1), region, found.group(2))
    return number


def reported(text: str, *, area_code: str = "", outside: str = "") -> PhoneNumber | None:
    """The number that a line or a telephone exchange reports, which is written in more ways than people's.

    Country codes come without `+`, local calls without their area code (`area_code`, with its 0), and extensions may
    leave the digit in front that gets an outside line (`outside`). None also for short codes and extensions.
    """
    written = half_width(text).strip()
    digits = re.sub("[^0-9]", "", written)
    if len(digits) <= _SHORT_CODE or len(written) > _MAX_LENGTH:
        return None
    tries = [written]
    if outside and written.startswith(outside):
        tries.append(written[len(outside) :])
    if len(digits) <= _LOCAL_DIGITS:
        tries.append(f"{area_code}{written}")
    elif not written.startswith(("+", "0")):
        tries.append(f"+{written}")
    return next((number for tried in tries if (number := normalise(tried))), None)


def _parse(written: str, region: str, extension: str | None) -> PhoneNumber | None:
    written = written.strip()
    if not _ALLOWED.fullmatch(written):
        return None
    digits = re.sub("[^0-9+]", "", written)
    if region == "CN":
        if (found := _CN_MOBILE_WRITTEN.fullmatch(digits)) and _CN_MOBILE.fullmatch(found.group(1)):
            return PhoneNumber(f"+86{found.group(1)}", "mobile", extension)
        if (prefix := _IP_PREFIX.match(digits)) and (number := _parse(digits[prefix.end() :], region, extension)):
            return number
    try:
        parsed = phonenumbers.parse(digits, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return PhoneNumber(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), _kind(parsed), extension)


def _kind(parsed: phonenumbers.PhoneNumber) -> Kind:
    match phonenumbers.number_type(parsed):
        case PhoneNumberType.MOBILE:
            return "mobile"
        case PhoneNumberType.FIXED_LINE:
            return "fixed"
        case _:
            return "other"


def split_many(text: str) -> list[str]:
    """The parts of a cell that holds several numbers, in order, without empty ones; no part is checked."""
    pieces: list[str] = []
    for raw in _SEPARATORS.split(half_width(text)):
        piece = raw.strip()
        if not piece:
            continue
        if pieces and _AREA_CODE.fullmatch(pieces[-1]):  # 010/62345678 is one number
            pieces[-1] = f"{pieces[-1]} {piece}"
            continue
        words = piece.split()
        if len(words) > 1 and all(sum(char.isdigit() for char in word) >= 7 for word in words):
            pieces.extend(words)
        else:
            pieces.append(piece)
    return pieces


def mask(e164: str) -> str:
    """`138****6021`; of a fixed line the area code stays: `021****1234`. Of the rest at most four digits show."""
    national = _chinese(e164)
    if national is None:
        return _mask_foreign(e164)
    if national.startswith("0"):
        area = 3 if _CN_TWO_DIGIT_AREA.match(national, 1) else 4
        return f"{national[:area]}****{national[-4:]}"
    return f"{national[:3]}****{national[-4:]}"


def front(shown: str) -> str:
    """What a Chinese number's mask shows before its asterisks: `138` of `138****6021`; "" of all other masks."""
    start = shown.partition("*")[0]
    return start if start.isascii() and start.isdigit() else ""


def _chinese(e164: str) -> str | None:
    """The national number, with its 0 when it has an area code; None for other countries and for what is no number."""
    national = e164[3:]
    if not (e164.startswith("+86") and national.isascii() and national.isdigit() and len(national) >= 9):
        return None
    has_area_code = not (_CN_MOBILE.fullmatch(national) or national.startswith(("400", "800")))
    return f"0{national}" if has_area_code else national


def _mask_foreign(number: str) -> str:
    digits = "".join(char for char in number if char in "0123456789")
    if len(digits) < 8:
        return "****"
    try:
        country = f"+{phonenumbers.parse(number, None).country_code}"
    except NumberParseException:
        country = ""
    shown = 4 if len(digits) - len(country.lstrip("+")) >= 8 else 2
    return f"{country}****{digits[-shown:]}"


def mask_mail(address: str) -> str:
    """`zh***@example.com`: the start of the name and the whole domain."""
    name, at, domain = address.rpartition("@")
    if not at:
        return "***"
    return f"{name[: 2 if len(name) > 3 else 1]}***@{domain}"


def zone(e164: str) -> str:
    """IANA name of where the number is at home, the first where there are several; "" where nobody knows."""
    if e164.startswith("+86"):
        return "Asia/Shanghai"
    try:
        found = time_zones_for_number(phonenumbers.parse(e164))
    except NumberParseException:
        return ""
    return "" if found[0] == UNKNOWN_TIMEZONE else found[0]


def last8(e164: str) -> str:
    return e164.lstrip("+")[-8:]


def last4(e164: str) -> str:
    return e164[-4:]


def display(e164: str) -> str:
    """`138 0000 6021`, `021 6234 5678`, `+1 650-253-0000`; unchanged when it is no number."""
    if e164.startswith("+86") and _CN_MOBILE.fullmatch(e164, 3):
        return f"{e164[3:6]} {e164[6:10]} {e164[10:]}"
    try:
        parsed = phonenumbers.parse(e164, None)
    except NumberParseException:
        return e164
    style = PhoneNumberFormat.NATIONAL if parsed.country_code == 86 else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)
