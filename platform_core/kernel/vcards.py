"""Reading address books: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), as telephones and mail programs write them.

Each card is a row of the same columns. Several numbers or mail addresses stand in one cell, one below the other.
"""

from __future__ import annotations

import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from platform_core.kernel.i18n import translator
from platform_core.kernel.xlsxguard import Limits, file_error

_ = translator("kernel")
UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What address books of older Macs begin with."""
_UNFOLD: Final = re.compile(r"\r?\n[ \t]")
_SPLIT: Final = re.compile(r"(?<!\\);")
_UNESCAPE: Final = re.compile(r"\\([nN;,:\\])")
_ORDER: Final = (
    "name", "company", "position", "phone", "mail", "wechat", "address", "birthday", "website", "tags", "notes",
)  # fmt: skip
_PLAIN: Final = {"TITLE": "position", "ROLE": "position", "NOTE": "notes", "BDAY": "birthday", "URL": "website"}


def titles() -> list[str]:
    """Of the columns, in the reader's language; titles that the mapping of an import knows."""
    known = {
        "name": _("Full name"), "company": _("Company name"), "position": _("Job title"), "phone": _("Phone"),
        "mail": _("Mail"), "wechat": _("WeChat"), "address": _("Address"), "birthday": _("Birthday"),
        "website": _("Website"), "tags": _("Tags"), "notes": _("Notes"),
    }  # fmt: skip
    return [known[key] for key in _ORDER]


def is_one(start: bytes) -> bool:
    if start.startswith(UTF16):
        start = start.decode("utf-16", "ignore").encode()
    return start.lstrip(b"\xef\xbb\xbf\r\n\t ")[:11].upper() == b"BEGIN:VCARD"


@dataclass(slots=True)
class _Card:
    number: int
    """Of the card in the file, counted from 1"""
    cells: dict[str, list[str]] = field(default_factory=dict)
    family: str = ""
    unit: str = ""
    """Of the company: it stands before the position, for with the company's name it would be another customer."""

    def add(self, key: str, text: str) -> None:
        held = self.cells.setdefault(key, [])
        if text and text not in held:
            held.append(text)

    def row(self) -> list[object]:
        if not self.cells.get("name") and self.family:
            self.add("name", self.family)
        if self.unit:
            self.cells["position"] = [" ".join([self.unit, *self.cells.get("position", [])[:1]])]
        first = {"name", "company", "birthday", "website", "position"}
        return ["\n".join(self.cells.get(key, [])[: 1 if key in first else None]) for key in _ORDER]


def rows(raw: bytes, encoding: str, limits: Limits) -> Iterator[tuple[int, list[object]]]:
    """(number of the card, cells of `titles`) of every card that holds something. Raises FileError."""
    card: _Card | None = None
    number = 0
    for line in _lines(raw.decode(encoding)):
        name, parameters, value = _parts(line)
        if name == "BEGIN" and value.upper() == "VCARD":
            number += 1
            if number > limits.rows:
                raise file_error("too_many_rows", limit=limits.rows)
            card = _Card(number)
        elif name == "END" and card is not None:
            row = card.row()
            if any(row):
                yield number, row
            card = None
        elif card is not None:
            if len(value) > limits.cell_chars and name not in {"PHOTO", "LOGO", "SOUND", "KEY"}:
                raise file_error("row_too_long", row=number, limit=limits.cell_chars)
            _take(card, name, parameters, value)
    if card is not None:
        raise file_error("broken_off")


def _lines(text: str) -> Iterator[str]:
    """Logical lines: folded ones are joined, and those of quoted-printable that end in an equals sign."""
    waiting = ""
    for line in _UNFOLD.sub("", text).splitlines():
        joined = waiting + line
        if line.endswith("=") and "QUOTED-PRINTABLE" in joined.partition(":")[0].upper():
            waiting = joined[:-1]
            continue
        waiting = ""
        if joined.strip():
            yield joined


def _parts(line: str) -> tuple[str, dict[str, str], str]:
    """`item1.TEL;TYPE=CELL:138…` is ("TEL", {"TYPE": "CELL"}, "138…"), its value without quoted-printable."""
    head, _colon, value = line.partition(":")
    name, *rest = head.split(";")
    parameters = {}
    for item in rest:
        key, equals, text = item.partition("=")
        # Version 2.1 writes the value alone.
        parameters[key.upper() if equals else ("ENCODING" if key.upper() == "QUOTED-PRINTABLE" else "TYPE")] = (
            text if equals else key
        ).strip('"')
    if parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        raw = quopri.decodestring(value.encode("utf-8", "replace"))
        value = _decoded(raw, parameters.get("CHARSET", "utf-8"))
    return name.rpartition(".")[2].upper(), parameters, value


def _decoded(raw: bytes, charset: str) -> str:
    for encoding in (charset, "utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("utf-8", "replace")


def _take(card: _Card, name: str, parameters: dict[str, str], value: str) -> None:
    if name == "FN":
        card.add("name", _text(value))
    elif name == "N":
        family, given, middle, *_more = [*map(_text, _SPLIT.split(value)), "", "", ""]
        parts = [family, given, middle]
        # Chinese names are written without a space, the family's first.
        card.family = (
            "".join(parts)
            if any(char >= "\u4e00" for char in family)
            else " ".join(filter(None, [given, middle, family]))
        )
    elif name == "ORG":
        company, *units = map(_text, _SPLIT.split(value))
        card.add("company", company)
        card.unit = card.unit or " ".join(filter(None, units))
    elif name == "TEL":
        card.add("phone", _text(value).removeprefix("tel:"))
    elif name == "EMAIL":
        card.add("mail", _text(value).removeprefix("mailto:"))
    elif name == "ADR":
        # Post box, extension, street, city, province, code, country: from the large to the small.
        box, extension, street, city, region, _code, country, *_more = [*map(_text, _SPLIT.split(value)), *[""] * 7]
        written = list(dict.fromkeys([country, region, city, street, extension, box]))  # Shanghai is its own province
        is_chinese = any(char >= "\u4e00" for char in value)
        card.add("address", "".join(written) if is_chinese else ", ".join(filter(None, reversed(written))))
    elif name == "CATEGORIES":
        card.add("tags", _text(value))
    elif name in {"X-WECHAT", "X-WEIXIN"} or (name == "IMPP" and value.lower().startswith(("wechat:", "weixin:"))):
        card.add("wechat", _text(value.rpartition(":")[2]))
    elif name in _PLAIN:
        card.add(_PLAIN[name], _birthday(value) if name == "BDAY" else _text(value))


def _birthday(value: str) -> str:
    """Day alone; years that are not told (`--0412`) are none that can be kept."""
    found = re.match(r"(\d{4})-?(\d\d)-?(\d\d)", value.strip())
    return "-".join(found.groups()) if found else ""


def _text(value: str) -> str:
    return _UNESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
