"""Tables as .xlsx downloads: texts that are never formulas, numbers that can be added up."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from litestar import Response

from platform_core.kernel.workbooks import is_exact, write_xlsx
from platform_core.web import formats

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def answer(filename: str, titles: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Response[bytes]:
    """A download. Rows are written as they come; moments are texts in the organisation's zone, as in the CSV file."""
    with tempfile.TemporaryDirectory(prefix="baton-sheet-") as folder:
        path = Path(folder) / "table.xlsx"
        write(path, titles, rows)
        content = path.read_bytes()
    headers = {"content-disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=_XLSX, headers=headers)


def write(
    path: Path, titles: Iterable[Any], rows: Iterable[Sequence[Any]], *, author: str = "", comments: str = ""
) -> None:
    """`author` and `comments` stand in the properties of the file."""
    cells = ([_cell(value) for value in row] for row in rows)
    write_xlsx(path, [str(title) for title in titles], cells, author=author, comments=comments)


def stored(value: Any) -> str | float | None:
    """A cell as it can be kept until its sheet is written."""
    cell = _cell(value)
    if cell is None or isinstance(cell, str):
        return cell
    return float(cell) if is_exact(cell) else str(cell)


def _cell(value: Any) -> str | int | float | Decimal | None:
    if value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool)):
        return value
    return formats.exact(value) if isinstance(value, datetime | date) else str(value)
