"""Types that custom fields of a record may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True)
class FieldType:
    """How values of a type are kept, read and shown; named `<plugin>.name`."""

    key: str
    label: str
    column: TypeEngine[Any]
    """What an index on such a field compares."""
    parse: Callable[[str], Any]
    """From what a form or a table says, never empty. Raises ValueError with a sentence for the reader."""
    format: Callable[[Any], str]
    """As pages show it, in the reader's language."""
    widget: Literal["text", "number", "date", "choice", "textarea", "yesno", "choices", "url", "person"]
    """How forms ask for it; the values of a choice and of choices are entries of a dictionary that each field names."""
