"""Pages of the import wizard."""

from __future__ import annotations

from typing import Any

HANDLERS: list[Any] = []
