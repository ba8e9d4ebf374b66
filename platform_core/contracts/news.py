"""What people are told, and the ways in which it reaches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class News:
    """`message` is a msgid of the gettext `domain`; a channel fills in `parameters` in the language of each reader."""

    domain: str
    message: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    url: str = ""
    """Where it can be seen."""
    icon: str = "bell"


@dataclass(frozen=True, slots=True)
class NotificationChannel:
    """A way to tell people something, named `<plugin>.name`."""

    key: str
    label: str
    send: Callable[[Any, Sequence[UUID], News], None]
    """(session, user ids, news), in the acting transaction: write rows or enqueue a job; never talk to the network."""
