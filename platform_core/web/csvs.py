"""Tables for spreadsheet programs: UTF-8 with a byte order mark, texts that are never formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from litestar import Response

from platform_core.kernel.spreadsheets import csv_safe
from platform_core.web import formats

MARK = "\ufeff"


def answer(filename: str, titles: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Response[str]:
    """A download."""
    headers = {"content-disposition": f'attachment; filename="{filename}"'}
    return Response(content(titles, rows), media_type="text/csv", headers=headers)


def content(titles: Iterable[Any], rows: Iterable[Sequence[Any]]) -> str:
    """Numbers are plain; moments are written in the organisation's zone."""
    return MARK + lines([[str(title) for title in titles]]) + lines(rows)


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """A part of the file; `MARK` stands in front of the first."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_plain(value) for value in row] for row in rows)
    return buffer.getvalue()


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return formats.exact(value)
    return str(value) if isinstance(value, int | float | Decimal) else csv_safe(str(value))
