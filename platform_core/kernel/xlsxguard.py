"""What an uploaded .xlsx must prove before it is read.

The file is unpacked once, within limits, and its XML is walked: calamine (Rust, expands no entities) allocates a cell
for every place between the first and the last one and a copy of every repeated text, so size is decided here. Document
type declarations are refused, so there are no entities at all.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.parsers import expat

from platform_core.kernel.cells import Reported, clean
from platform_core.kernel.i18n import noop

_MESSAGES: Final = {
    "blank_headers": noop("These columns have no title: %(columns)s. Give each a title in row %(row)s, or delete it."),
    "broken": noop("The file is damaged. Open it in a spreadsheet program, save it again and upload the new file."),
    "broken_off": noop("The last card of the address book has no end: the file was cut off. Export it again."),
    "cell_too_long": noop("Cell %(cell)s holds more than %(limit)s characters. Shorten it."),
    "csv_quotes": noop("The quotation marks in row %(row)s do not match. Correct them, or save the file as .xlsx."),
    "duplicate_headers": noop("Several columns have the same title: %(names)s. Rename or delete them."),
    "empty": noop("The file is empty. Choose a file with a title row and at least one row below."),
    "encrypted": noop("The file is protected by a password. Remove the password, save it and upload it again."),
    "formula_errors": noop("More than %(limit)s cells show an error such as #N/A. Correct the formulas first."),
    "header_only": noop("The file has a title row, but no rows below it. Choose a file with data."),
    "mixed_encoding": noop(
        "Row %(row)s is written in another character encoding than the rest. Save the whole file as UTF-8 or as .xlsx."
    ),
    "nul_bytes": noop("Row %(row)s holds bytes that are no text. Save the file as UTF-8 or as .xlsx."),
    "row_too_long": noop(
        "Row %(row)s holds a text of more than %(limit)s characters. Shorten it, or close its quotation marks."
    ),
    "too_large": noop("The file is larger than %(limit)s MB. Split it and upload the parts."),
    "too_many_columns": noop("The table has more than %(limit)s columns. Delete those that are not needed."),
    "too_many_rows": noop("The table has more than %(limit)s rows. Split it and upload the parts."),
    "too_scattered": noop("The cells of the table lie too far apart. Copy the table into a new file and upload that."),
    "unpacks_too_large": noop("The file unpacks to far more than a table needs. Copy the table into a new file."),
    "utf16": noop("The file is saved as Unicode text (UTF-16). Save it as UTF-8 or as .xlsx."),
    "wrong_type": noop(
        "The file is not what its name says. Tables are read from .xlsx, .xls, .ods and .csv, address books from .vcf."
    ),
}

MB: Final = 1024 * 1024
_CHUNK: Final = 256 * 1024
_RATIO_FROM: Final = MB  # small files of blanks compress well without being bombs
_MAX_ERROR_CELLS: Final = 100_000
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_BAD_ZIP: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError, LookupError, NotImplementedError, OSError,
    OverflowError, RuntimeError, ValueError,
)  # fmt: skip


class FileError(Reported):
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """bytes: as uploaded; unpacked: bytes of all parts of an .xlsx; cells: places between the first and the last."""

    bytes: int = 50 * MB
    rows: int = 200_000
    columns: int = 100
    cell_chars: int = 32_767
    unpacked: int = 300 * MB
    ratio: int = 100
    cells: int = 10_000_000
    text: int = 300_000_000


def file_error(code: str, **params: object) -> FileError:
    return FileError(code, _MESSAGES[code], params)


def column_name(column: int) -> str:
    """0 -> A, 26 -> AA."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


def measure(path: Path, limits: Limits) -> tuple[int, SheetExtent]:
    """The position and the extent of the sheet to read: the first visible one that holds something, else the first."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _Archive(archive, limits).scan()
    except FileError:
        raise
    except _BAD_ZIP as error:
        raise file_error("broken") from error


class _Archive:
    """Unpacks every part of an .xlsx once, within the limits, and measures the sheet that will be read."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self._left = limits.unpacked
        self._parts = {info.filename: info for info in archive.infolist()}
        if any(info.flag_bits & 1 for info in self._parts.values()):
            raise file_error("encrypted")
        if "xl/workbook.xml" not in self._parts:
            raise file_error("wrong_type")
        if len(self._parts) != len(archive.infolist()):
            raise file_error("broken")  # two parts of one name: another program may read the other one
        if sum(info.file_size for info in self._parts.values()) > limits.unpacked:
            raise file_error("unpacks_too_large")

    def scan(self) -> tuple[int, SheetExtent]:
        """The position and extent of the first visible sheet that holds something, else of the first one."""
        targets = self._sheets()
        strings = _Strings()
        if "xl/sharedStrings.xml" in self._parts:
            self._walk("xl/sharedStrings.xml", strings)
        first: tuple[int, SheetExtent] | None = None
        for position, target in targets:
            sheet = SheetExtent(self._limits, strings.lengths)
            self._walk(target, sheet)
            first = first or (position, sheet)
            if sheet.rows:
                first = position, sheet
                break
        for name in list(self._parts):
            for _chunk in self._unpack(name):
                pass
        if first is None:
            raise file_error("empty")
        return first

    def _sheets(self) -> list[tuple[int, str]]:
        """(position, part) of the visible worksheets."""
        sheets, relations = _Elements("sheet"), _Elements("Relationship")
        self._walk("xl/workbook.xml", sheets)
        self._walk("xl/_rels/workbook.xml.rels", relations)
        targets = {item["Id"]: item for item in relations.found if item.get("Type", "").endswith("/worksheet")}
        if len({item["Id"] for item in relations.found}) != len(relations.found):
            raise file_error("broken")
        return [
            (position, posixpath.normpath(posixpath.join("/xl", targets[item["id"]]["Target"])).lstrip("/"))
            for position, item in enumerate(sheets.found)
            if item.get("state", "visible") == "visible" and item["id"] in targets
        ]

    def _walk(self, name: str, handler: _Strings | SheetExtent | _Elements) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = handler.start
        if not isinstance(handler, _Elements):
            parser.CharacterDataHandler = handler.characters
        parser.StartDoctypeDeclHandler = _refuse_doctype
        for chunk in self._unpack(name):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
        handler.finish()

    def _unpack(self, name: str) -> Iterator[bytes]:
        """The part's bytes. What the directory says about sizes is not believed. A part is unpacked once."""
        info = copy(self._parts.pop(name))
        declared, info.file_size = info.file_size, self._left + 1
        size = 0
        with self._archive.open(info) as part:
            while chunk := part.read(_CHUNK):
                size += len(chunk)
                self._left -= len(chunk)
                bomb = size > _RATIO_FROM and size > self._limits.ratio * max(info.compress_size, 1)
                if self._left < 0 or bomb:
                    raise file_error("unpacks_too_large")
                yield chunk
        if size != declared:
            raise file_error("broken")


def _refuse_doctype(*_declaration: object) -> None:
    raise file_error("broken")


# The handlers below run once per element, millions of times for a large table. They know names as calamine does, with
# or without a prefix, and have no handler for ends: a text goes on until the next element, blanks between elements are
# harmless, and a cell is counted when the next one begins.


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Elements:
    """Attributes of all elements of one name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.found: list[dict[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == self._name:
            self.found.append({_local(key): value for key, value in attributes.items()})

    def finish(self) -> None: ...


class _Strings:
    """Length of each shared text; 0 for one without anything to see."""

    def __init__(self) -> None:
        self.lengths = array("l")
        self._length = 0
        self._visible = self._reading = self._open = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "t":
            self._reading = True
        elif name == "si":
            self.finish()
            self._open = True
        elif ":" in name:
            self.start(_local(name), _attributes)
        else:
            self._reading = False

    def characters(self, text: str) -> None:
        if self._reading:
            self._length += len(text)
            if not self._visible:
                self._visible = _visible(text)

    def finish(self) -> None:
        if self._open:
            self.lengths.append(self._length if self._visible else 0)
        self._length, self._visible, self._reading = 0, False, False


class SheetExtent:
    """What a worksheet holds. Rows count from 1, columns from 0; a blank cell does not count.

    rows: rows that hold something. errors: row -> (column, text) of cells such as #N/A.
    """

    def __init__(self, limits: Limits, strings: array[int]) -> None:
        self.rows = 0
        self.first_column, self.last_column = 2**31, -1
        self.errors: dict[int, list[tuple[int, str]]] = {}
        self._limits = limits
        self._strings = strings
        self._columns: dict[str, int] = {}
        self._row, self._column = 0, -1
        self._row_digits = "0"
        self._counted_row = 0
        self._type, self._text = "n", ""
        self._reading = self._valued = False
        self._text_total = self._error_count = 0
        # also of cells that hold blanks only: calamine allocates for these
        self._top, self._bottom, self._left, self._right = 2**31, 0, 2**31, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            if self._valued:
                self._count()
            reference = attributes.get("r")
            if reference is None:
                self._column += 1
            elif (
                reference.endswith(self._row_digits)
                and (column := self._columns.get(reference[: -len(self._row_digits)])) is not None
            ):
                self._column = column
            else:
                self._place(reference)
            self._type = attributes.get("t", "n")
            self._text = ""
            self._reading = False
        elif name in {"v", "t"}:
            self._reading = self._valued = True
        elif name == "row":
            self.finish()
            self._row, self._column = int(attributes.get("r", self._row + 1)), -1
            self._row_digits = str(self._row)
        elif ":" in name:
            self.start(_local(name), attributes)
        else:
            self._reading = False

    def characters(self, text: str) -> None:
        if self._reading:
            self._text += text
            if len(self._text) > self._limits.cell_chars:
                self._refuse_length()

    def finish(self) -> None:
        if self._valued:
            self._count()
        if self._bottom and (self._bottom - self._top + 1) * (self._right - self._left + 1) > self._limits.cells:
            raise file_error("too_scattered")

    def _place(self, reference: str) -> None:
        found = _REFERENCE.fullmatch(reference)
        if not found:
            raise file_error("broken")
        letters, self._row_digits = found.groups()
        self._row = int(self._row_digits)
        self._column = self._columns[letters] = _column_number(letters)

    def _refuse_length(self) -> None:
        raise file_error("cell_too_long", cell=f"{column_name(self._column)}{self._row}", limit=self._limits.cell_chars)

    def _count(self) -> None:
        self._valued = False
        row, column, kind = self._row, self._column, self._type
        if not self._left <= column <= self._right:
            self._left, self._right = min(self._left, column), max(self._right, column)
        if row != self._bottom:
            self._top, self._bottom = min(self._top, row), max(self._bottom, row)
        if kind != "n" and not self._holds_something(kind):
            return
        if not self.first_column <= column <= self.last_column:
            self.first_column, self.last_column = min(self.first_column, column), max(self.last_column, column)
            if self.last_column - self.first_column >= self._limits.columns:
                raise file_error("too_many_columns", limit=self._limits.columns)
        if row != self._counted_row:
            self._counted_row = row
            self.rows += 1
            if self.rows - 1 > self._limits.rows:
                raise file_error("too_many_rows", limit=self._limits.rows)

    def _holds_something(self, kind: str) -> bool:
        if kind == "s":
            length = self._strings[int(self._text)]
            if length > self._limits.cell_chars:
                self._refuse_length()
        else:
            length = len(self._text) if _visible(self._text) else 0
        self._text_total += length
        if self._text_total > self._limits.text:
            raise file_error("unpacks_too_large")
        if kind == "e":
            self._note_error()
        return length > 0

    def _note_error(self) -> None:
        self._error_count += 1
        if self._error_count > _MAX_ERROR_CELLS:
            raise file_error("formula_errors", limit=_MAX_ERROR_CELLS)
        self.errors.setdefault(self._row, []).append((self._column, self._text.strip()[:20]))


def _visible(text: str) -> bool:
    return not text.isspace() and (text.isascii() or bool(clean(text)))


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
