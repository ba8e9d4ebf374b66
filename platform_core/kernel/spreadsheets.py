"""Uploaded tables (.xlsx, .xls, .ods, .csv, .vcf) and tables for Excel. Every fault of an upload is a `FileError`.

`open_table` reads the file through once, so that faults come before the first row; only a file that changes afterwards
can still fail in `Table.rows`.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath
from typing import Final

from python_calamine import CalamineSheet, CalamineWorkbook

from platform_core.kernel import oldsheets, vcards
from platform_core.kernel.cells import CellError, clean, parse_text
from platform_core.kernel.xlsxguard import MB, FileError, Limits, SheetExtent, column_name, file_error, measure

__all__ = ["DEFAULT_LIMITS", "FileError", "Limits", "Table", "csv_safe", "open_table"]

DEFAULT_LIMITS: Final = Limits()
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NOT_CSV: Final = re.compile(
    rb"PK\x03\x04|PK\x05\x06|\xd0\xcf\x11\xe0|%PDF|\x89PNG|\xff\xd8\xff|GIF8|Rar!|7z\xbc|\x1f\x8b|\s*<|\{\\rtf"
)
_DELIMITERS: Final = ",;\t"
_SNIFFED: Final = 64 * 1024
# What Excel reads as a formula, also in its full-width form.
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True, slots=True)
class Table:
    """headers: cleaned, distinct titles. row_count_hint: rows that hold something, without the title row."""

    headers: list[str]
    row_count_hint: int
    _read: Callable[[], Iterator[tuple[int, list[object]]]]

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """(row number as the spreadsheet program shows it, raw cells) of every row that is not blank.

        At least as many cells as headers; a .csv row with more cells than headers keeps them, so that shifted rows
        can be refused. Cells are for the parsers of `cells`.
        """
        return self._read()


def open_table(path: Path, filename: str, *, limits: Limits = DEFAULT_LIMITS) -> Table:
    """Check the file and read its title row, the first row that is not blank. `filename` is the uploader's."""
    size = path.stat().st_size
    if size == 0:
        raise file_error("empty")
    if size > limits.bytes:
        raise file_error("too_large", limit=limits.bytes // MB)
    with path.open("rb") as file:
        start = file.read(512)
    match PurePath(filename).suffix.lower():
        case ".xlsx" if start.startswith(b"PK"):
            return _open_xlsx(path, limits)
        case ".xlsx" | ".xls" if start.startswith(_OLE):
            if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
                raise file_error("encrypted")
            return _open_converted(path, limits)
        case ".xls" if start.startswith(b"PK"):  # a new file under an old name
            return _open_xlsx(path, limits)
        case ".ods" if start.startswith(b"PK"):
            return _open_converted(path, limits)
        case ".vcf" if vcards.is_one(start):
            return _open_vcards(path, limits)
        case ".csv" if not _NOT_CSV.match(start.removeprefix(codecs.BOM_UTF8)):
            return _open_csv(path, limits)
        case _:
            raise file_error("wrong_type")


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not clean(cell))


def _headers(cells: Sequence[object], row: int, first_column: int) -> list[str]:
    """Titles of the used columns; `first_column` is only for their letters."""
    headers = []
    for cell in cells:
        try:
            headers.append(parse_text(cell).replace("\n", " "))
        except CellError:
            headers.append(clean(str(cell)))
    blank = [column_name(first_column + number) for number, header in enumerate(headers) if not header]
    if blank:
        raise file_error("blank_headers", columns=", ".join(blank), row=row)
    counts = Counter(header.casefold() for header in headers)
    twice = list(dict.fromkeys(header for header in headers if counts[header.casefold()] > 1))
    if twice:
        raise file_error("duplicate_headers", names=", ".join(name[:40] for name in twice[:10]))
    return headers


def _open_xlsx(path: Path, limits: Limits) -> Table:
    position, sheet = measure(path, limits)
    if not sheet.rows:
        raise file_error("empty")
    if sheet.rows == 1:
        raise file_error("header_only")
    with _calamine():
        workbook = CalamineWorkbook.from_path(path)
        loaded = workbook.get_sheet_by_index(position)
    rows = _sheet_rows(loaded, sheet)
    number, titles = next(rows, (0, []))
    headers = _headers(titles, number, sheet.first_column)

    def read() -> Iterator[tuple[int, list[object]]]:
        return islice(_sheet_rows(loaded, sheet), 1, None)

    return Table(headers, sheet.rows - 1, read)


@contextmanager
def _calamine() -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        # A panic in Rust arrives as a BaseException that has no importable name.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise file_error("broken") from error
        raise


def _sheet_rows(loaded: CalamineSheet, sheet: SheetExtent) -> Iterator[tuple[int, list[object]]]:
    offset = loaded.start[1] if loaded.start else 0
    used = slice(max(sheet.first_column - offset, 0), sheet.last_column - offset + 1)
    width = sheet.last_column - sheet.first_column + 1
    rows = loaded.iter_rows()
    number = 0
    while True:
        with _calamine():
            row = next(rows, None)
        if row is None:
            return
        number += 1
        cells: list[object] = list(row[used])
        for column, text in sheet.errors.get(number, ()):  # calamine reads #N/A as nothing
            cells[column - sheet.first_column] = text
        if not all(map(_blank, cells)):
            yield number, cells + [""] * (width - len(cells))


def _open_converted(path: Path, limits: Limits) -> Table:
    """.xls and .ods. The used columns are those that hold something anywhere."""
    file = oldsheets.convert(path, limits)
    first, last, count = limits.columns, -1, 0
    number, titles = 0, list[object]()
    for place, cells in file.rows():
        held = [column for column, cell in enumerate(cells) if not _blank(cell)]
        if not held:
            continue
        first, last = min(first, held[0]), max(last, held[-1])
        if not number:
            number, titles = place, cells
        count += 1
    if not number:
        raise file_error("empty")
    if count == 1:
        raise file_error("header_only")
    if count - 1 > limits.rows:
        raise file_error("too_many_rows", limit=limits.rows)
    headers = _headers([*titles, *[""] * (last + 1)][first : last + 1], number, first)

    def read() -> Iterator[tuple[int, list[object]]]:
        for place, cells in file.rows():
            used = cells[first : last + 1]
            if place != number and not all(map(_blank, used)):
                yield place, [*used, *[""] * (len(headers) - len(used))]

    return Table(headers, count - 1, read)


def _open_vcards(path: Path, limits: Limits) -> Table:
    """An address book: a row for each card."""
    raw = path.read_bytes()
    encoding = "utf-16" if raw.startswith(vcards.UTF16) else _encoding(raw)
    if not _decodes(raw, encoding):
        raise file_error("broken_off")
    del raw

    def read() -> Iterator[tuple[int, list[object]]]:
        return vcards.rows(path.read_bytes(), encoding, limits)

    count = sum(1 for _row in read())
    if not count:
        raise file_error("empty")
    return Table(vcards.titles(), count, read)


def _open_csv(path: Path, limits: Limits) -> Table:
    raw = path.read_bytes()
    encoding = _encoding(raw)
    delimiter = _delimiter(raw[:_SNIFFED].decode(encoding, "ignore"))
    del raw
    titles: list[str] = []
    title_row = count = widest = 0
    for number, cells in _csv_rows(path, encoding, delimiter, limits):
        widest = max(widest, len(cells))
        if widest > limits.columns:
            raise file_error("too_many_columns", limit=limits.columns)
        if not title_row:
            titles, title_row = cells, number
            continue
        count += 1
        if count > limits.rows:
            raise file_error("too_many_rows", limit=limits.rows)
    if not title_row:
        raise file_error("empty")
    if not count:
        raise file_error("header_only")
    headers = _headers(titles, title_row, 0)

    def read() -> Iterator[tuple[int, list[object]]]:
        for number, cells in islice(_csv_rows(path, encoding, delimiter, limits), 1, None):
            yield number, [*cells, *[""] * (len(headers) - len(cells))]

    return Table(headers, count, read)


def _csv_rows(path: Path, encoding: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, without the blank cells at their ends."""
    number = 0
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            number += 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                if "field limit" in str(error):
                    raise file_error("row_too_long", row=number, limit=limits.cell_chars) from error
                raise file_error("csv_quotes", row=number) from error
            except UnicodeDecodeError as error:
                raise file_error("mixed_encoding", row=number) from error
            if cells is None:
                return
            for column, cell in enumerate(cells):
                if len(cell) > limits.cell_chars:
                    raise file_error("cell_too_long", cell=f"{column_name(column)}{number}", limit=limits.cell_chars)
            while cells and _blank(cells[-1]):
                cells.pop()
            if cells:
                yield number, cells


def _encoding(raw: bytes) -> str:
    """UTF-8 or GB18030, strictly; a file that is partly the one and partly the other is refused."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise file_error("utf16")
    if (nul := raw.find(b"\0")) >= 0:
        raise file_error("nul_bytes", row=_row_at(raw, nul))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if raw.startswith(codecs.BOM_UTF8):
            raise file_error("mixed_encoding", row=_row_at(raw, error.start)) from error
    else:
        return "utf-8-sig"
    _refuse_mixture(raw)
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError as error:
        raise file_error("mixed_encoding", row=_row_at(raw, error.start)) from error
    return "gb18030"


def _refuse_mixture(raw: bytes) -> None:
    """Much UTF-8 is also valid GB18030, as nonsense, so the lines are judged one by one."""
    offset = 0
    utf8: list[int] = []
    other: list[int] = []
    for line in raw.splitlines(keepends=True):
        if not line.isascii():
            if not _decodes(line, "utf-8"):
                other.append(offset)
            elif not _decodes(line, "gb2312"):  # a short Chinese line can be valid as both; then it proves nothing
                utf8.append(offset)
        offset += len(line)
    if utf8 and other:
        raise file_error("mixed_encoding", row=_row_at(raw, min(utf8, other, key=len)[0]))


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _row_at(raw: bytes, offset: int) -> int:
    """The number of the row that holds the byte: quoted cells may hold line breaks."""
    before = io.StringIO(raw[:offset].decode("latin-1") + ".", newline="")
    try:
        return sum(1 for _row in csv.reader(before))
    except csv.Error:
        return raw.count(b"\n", 0, offset) + 1


def _delimiter(sample: str) -> str:
    """The one that cuts the most rows into as many cells as the first row, then into the most cells."""

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            rows = [row for row in islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 20) if row]
        except csv.Error:
            return 0, 0
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows), width) if width > 1 else (0, 0)

    return max(_DELIMITERS, key=fit)


def csv_safe(value: str) -> str:
    """With an apostrophe in front when Excel would run it as a formula; `parse_text` takes it off again."""
    # What cannot be seen may stand in front, and be dropped by whoever reads the file.
    return f"'{value}" if value.startswith(_FORMULA_START) or clean(value).startswith(_FORMULA_START) else value
