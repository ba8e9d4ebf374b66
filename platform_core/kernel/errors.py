"""Errors that have a meaning for the person in front of the screen. Everything else is a bug and a 500."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom a refusal sends its reader to: `people`, and those who hold `right`, of `department` if there are any."""

    right: str = ""
    people: tuple[UUID | None, ...] = ()
    department: UUID | None = None


class BatonError(Exception):
    """Base of errors that are answered, not reported. `message` is already in the reader's language.

    The answer adds to it whom to ask, by name. `lacks`: the right that this takes; it is named, and who gives rights.
    `ask`: who can do it instead.
    """

    status = 400
    code = "error"

    def __init__(
        self, message: str = "", *, fields: Mapping[str, str] | None = None, lacks: str = "", ask: Ask | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})
        self.lacks = lacks
        self.ask = ask


class Invalid(BatonError):
    """Input that cannot be accepted; `fields` maps field names to messages ("" is the form as a whole)."""

    status = 422
    code = "invalid"


class NotFound(BatonError):
    """Does not exist, or not for this actor: the answer is the same."""

    status = 404
    code = "not_found"


class Forbidden(BatonError):
    """The actor may see the thing, but not do this with it."""

    status = 403
    code = "forbidden"


class Unauthenticated(BatonError):
    """Nobody is signed in, or the session has ended."""

    status = 401
    code = "unauthenticated"


class Misdirected(BatonError):
    """Asked under a host name that is not this house's."""

    status = 421
    code = "misdirected"


class Frozen(BatonError):
    """The actor's account is frozen; the message says why and whom to ask."""

    status = 403
    code = "frozen"


class Unfinished(BatonError):
    """Signed in, but something has to be done before anything else, at `url`."""

    status = 403
    code = "unfinished"

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class Conflict(BatonError):
    """Somebody else was faster, or the thing is no longer in the state this act needs."""

    status = 409
    code = "conflict"


class TooManyRequests(BatonError):
    """Slow down; `retry_after` is in seconds."""

    status = 429
    code = "too_many_requests"

    def __init__(self, message: str = "", *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(BatonError):
    """What this takes is left out for the moment: the same may succeed a little later."""

    status = 503
    code = "busy"


class TooLarge(BatonError):
    status = 413
    code = "too_large"
