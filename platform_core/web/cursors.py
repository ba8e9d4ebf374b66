"""Opaque cursors for keyset pages: the sort values of the last row seen, signed by nobody since they grant nothing."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from typing import Any
from uuid import UUID

import msgspec

from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("web")


def encode(values: Sequence[Any]) -> str:
    """Strings, numbers, amounts, None, datetimes and UUIDs to URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode([_mark(value) for value in values])).decode().rstrip("=")


def decode(text: str, length: int) -> list[Any]:
    """The values of a cursor. Raises Invalid when it was not made here or does not fit."""
    try:
        raw = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        values = [_unmark(value) for value in raw]
    except (ValueError, TypeError, KeyError, AttributeError, DecimalException) as error:
        raise Invalid(_("This page mark is not valid. Start from the first page.")) from error
    if len(values) != length:
        raise Invalid(_("This page mark is not valid. Start from the first page."))
    return values


def _mark(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": value.astimezone(UTC).isoformat()}
    if isinstance(value, Decimal):
        return {"d": str(value)}
    return {"u": value.hex} if isinstance(value, UUID) else value


def _unmark(value: Any) -> Any:
    if isinstance(value, dict):
        if "d" in value:
            return Decimal(value["d"])
        return datetime.fromisoformat(value["t"]) if "t" in value else UUID(value["u"])
    if isinstance(value, list):
        raise TypeError
    return value
