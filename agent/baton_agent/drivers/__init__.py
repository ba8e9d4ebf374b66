"""One file per family of boxes. A driver turns bytes into signs and says what to answer; it reads and writes nothing.

To add one: write a module with a class that fits `Driver`, name it in `ALL`, and give the tests a scripted call
(docs/manual/telephony.md, "A driver of your own").
"""

from __future__ import annotations

from baton_agent.drivers.ad800 import Ad800
from baton_agent.drivers.base import Driver, Found, Port
from baton_agent.drivers.cideasy import CidEasy
from baton_agent.drivers.fskserial import FskSerial
from baton_agent.drivers.modem import Modem
from baton_agent.drivers.whozz import Whozz

ALL: tuple[type[Driver], ...] = (Ad800, CidEasy, Whozz, FskSerial, Modem)
"""The first that claims a device has it."""

__all__ = ["ALL", "Driver", "Found", "Port", "by_name", "driver_for"]


def by_name(name: str) -> type[Driver]:
    """Raises KeyError."""
    return {driver.name: driver for driver in ALL}[name]


def driver_for(found: Found, chosen: str = "") -> type[Driver] | None:
    """The driver of that name, else the first that knows the device. Raises KeyError for a name that there is not."""
    if chosen:
        return by_name(chosen)
    return next((driver for driver in ALL if driver.claims(found)), None)
