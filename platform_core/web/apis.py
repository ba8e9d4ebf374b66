"""What every JSON list has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import Parameter

from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web import cursors

_ = translator("web")
T = TypeVar("T")
Limit = Annotated[int, Parameter(ge=1, le=200, description="How many items a page holds at most.")]
Cursor = Annotated[str, Parameter(description="`next_cursor` of the page before; empty is the first page.")]


class Items(msgspec.Struct, Generic[T]):
    """A page of a list; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


def cut(rows: Sequence[T], key: Callable[[T], Any], cursor: str, limit: int) -> tuple[Sequence[T], str | None]:
    """A page of a list so short that it is always read whole, such as the departments; and the next page's cursor.

    Raises Invalid for a cursor whose row is gone.
    """
    start = 0
    if cursor:
        last = cursors.decode(cursor, 1)[0]
        found = next((index for index, row in enumerate(rows) if key(row) == last), None)
        if found is None:
            raise Invalid(_("This page mark is not valid. Start from the first page."))
        start = found + 1
    shown = rows[start : start + limit]
    more = start + limit < len(rows)
    return shown, cursors.encode([key(shown[-1])]) if more else None
