"""What goes along when a baton is handed over: composed by whoever keeps what was said, edited by the sender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from platform_core.contracts.identity import Actor
from platform_core.contracts.ports import Port


@dataclass(frozen=True, slots=True)
class PackagedPlan:
    """An open plan as it stood at the hand-over."""

    id: UUID
    subject: str
    due_at: datetime
    all_day: bool
    who: str


@dataclass(frozen=True, slots=True)
class Package:
    """Before it is sent a proposal, afterwards what was sent; `at` and `sender` are then set."""

    said: str = ""
    """What was said so far, in lines"""
    promised: str = ""
    """What the customer was promised, in lines"""
    plans: tuple[PackagedPlan, ...] = ()
    files: tuple[UUID, ...] = ()
    """Files of the customer; who may read them is asked anew by each reader"""
    note: str = ""
    at: datetime | None = None
    sender: str = ""
    department: str = ""
    """The sender's"""


class Packages(Protocol):
    """Keeps packages. All of it happens in the caller's transaction and within the rights of the session's actor."""

    def propose(self, session: Any, engagement: Any, leg: Any, /) -> Package | None:
        """What the actor might send to `leg`, without files. None: nobody composes packages."""

    def keep(self, session: Any, actor: Actor, leg: Any, package: Package, /) -> None:
        """It has been sent to the leg; never changed afterwards."""

    def sent(self, session: Any, leg_id: UUID, /) -> Sequence[Package]:
        """What was sent to a leg, newest first: a returned baton is sent again."""


class _Nobody:
    def propose(self, session: Any, engagement: Any, leg: Any, /) -> Package | None:
        return None

    def keep(self, session: Any, actor: Actor, leg: Any, package: Package, /) -> None:
        """There is nobody to keep it."""

    def sent(self, session: Any, leg_id: UUID, /) -> Sequence[Package]:
        return ()


PACKAGES: Port[Packages] = Port("relay.packages", null=_Nobody())
