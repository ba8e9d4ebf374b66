"""What a driver is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from baton_agent.signs import Sign


@dataclass(frozen=True, slots=True)
class Found:
    """A device that is plugged in."""

    vendor: int
    product: int
    maker: str
    title: str
    serial: str
    is_modem: bool
    """Has an abstract control model interface (CDC-ACM)."""

    @property
    def usb_id(self) -> str:
        return f"{self.vendor:04x}:{self.product:04x}"

    @property
    def key(self) -> str:
        return f"{self.usb_id}/{self.serial}" if self.serial else self.usb_id


@dataclass(frozen=True, slots=True)
class Port:
    """How the bytes travel: interrupt reports of `hid`, or a serial line inside `ftdi` or `acm`."""

    kind: Literal["hid", "ftdi", "acm"]
    baud: int = 9600


class Driver(Protocol):
    """Fed by one thread. Whatever bytes come in, a driver raises nothing and keeps a bounded amount of them."""

    name: ClassVar[str]
    port: ClassVar[Port]
    sees_receiver: ClassVar[bool]
    """Whether it tells an answered call from one that only rang."""

    @classmethod
    def claims(cls, found: Found) -> bool: ...

    def begin(self) -> Sequence[bytes]:
        """What to send when the device has been opened."""
        ...

    def feed(self, data: bytes, now: float) -> Iterable[Sign]:
        """`data` is one report or whatever a serial read brought; `now` a monotonic clock in seconds."""
        ...

    def tick(self, now: float) -> Iterable[Sign]:
        """Called several times a second, also while nothing comes in."""
        ...

    def replies(self) -> Sequence[bytes]:
        """What to send now; asked after every `feed` and `tick`."""
        ...


class Quiet:
    """The parts of a driver that only listens."""

    def begin(self) -> Sequence[bytes]:
        return ()

    def tick(self, now: float) -> Iterable[Sign]:
        return ()

    def replies(self) -> Sequence[bytes]:
        return ()
