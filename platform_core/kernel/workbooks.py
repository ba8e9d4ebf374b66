"""Tables written for Excel: texts that are never formulas, numbers that can be added up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from platform_core.kernel.xlsxguard import file_error

Cell = str | int | float | Decimal | None
Sheet = tuple[str, Sequence[str], Iterable[Iterable[Cell]]]
"""Title, titles of the columns, rows."""
_XLSX_WIDTH: Final = 16
_XLSX_DIGITS: Final = 15
_XLSX_TITLE: Final = 31
_XLSX_MAX_TEXT: Final = 32_767
MAX_ROWS: Final = 1_048_576
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def write_xlsx(
    path: Path,
    headers: Sequence[str],
    rows: Iterable[Iterable[Cell]],
    *,
    author: str = "",
    comments: str = "",
) -> None:
    """One sheet, row by row in constant memory; a text is never a formula, a number or a link.

    Text beyond Excel's 32,767 characters ends in an ellipsis; a number that Excel cannot hold exactly is text. Raises
    FileError beyond 1,048,576 rows.
    """
    write_book(path, [("", headers, rows)], author=author, comments=comments)


def write_book(path: Path, sheets: Iterable[Sheet], *, author: str = "", comments: str = "") -> None:
    """As `write_xlsx`, with a sheet for each (title, headers, rows); titles are cut and told apart as Excel wants."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as workbook:
        workbook.set_properties({"author": author, "comments": comments})
        formats = {
            "bold": workbook.add_format({"bold": True, "num_format": "@"}),
            "text": workbook.add_format({"num_format": "@"}),
            "plain": workbook.add_format({"num_format": "General"}),
        }
        taken: set[str] = set()
        for title, headers, rows in sheets:
            _fill(workbook.add_worksheet(_sheet_title(title, taken) or None), headers, rows, formats)


def _fill(sheet: Any, headers: Sequence[str], rows: Iterable[Iterable[Cell]], formats: Mapping[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    # Cells that are filled in later are text as well: a number of eleven digits stays one.
    sheet.set_column(0, max(len(headers) - 1, 0), _XLSX_WIDTH, formats["text"])
    for column, header in enumerate(headers):
        sheet.write_string(0, column, _for_excel(header), formats["bold"])
    for number, cells in enumerate(rows, 1):
        if number >= MAX_ROWS:
            raise file_error("too_many_rows", limit=MAX_ROWS)
        for column, cell in enumerate(cells):
            if not isinstance(cell, str | None) and is_exact(cell):
                sheet.write_number(number, column, float(cell), formats["plain"])
            elif cell or cell == 0:
                sheet.write_string(number, column, _for_excel(str(cell)), formats["text"])


def _sheet_title(text: str, taken: set[str]) -> str:
    """Excel: at most 31 characters, no signs of ranges, no quotes at the ends, no two alike in small letters."""
    plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", text).strip(" '")[:_XLSX_TITLE]
    title, number = plain, 1
    while title.lower() in taken:
        number += 1
        end = f" {number}"
        title = plain[: _XLSX_TITLE - len(end)] + end
    if title:
        taken.add(title.lower())
    return title


def is_exact(value: float | Decimal) -> bool:
    """Excel keeps fifteen digits, and neither infinity nor what is no number."""
    written = Decimal(str(value))
    return written.is_finite() and len(written.as_tuple().digits) <= _XLSX_DIGITS


def _for_excel(value: str) -> str:
    value = _SURROGATES.sub("\ufffd", value)
    return value if len(value) <= _XLSX_MAX_TEXT else f"{value[: _XLSX_MAX_TEXT - 1]}\u2026"
