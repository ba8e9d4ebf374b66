"""How the reading of a cell says that it was understood and cannot be accepted."""

from __future__ import annotations

from typing import Any, Final

from platform_core.kernel.i18n import noop

STILL_TO_COME: Final = noop("This day is still to come.")


class Refused(Exception):
    """`message` is a msgid of this package."""

    def __init__(self, message: str, **parameters: Any) -> None:
        super().__init__(message)
        self.message = message
        self.parameters = parameters
