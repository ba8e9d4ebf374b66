"""HID boxes by the system's own interface, through hidapi: where libusb may not take them (macOS) or is not there.

Chosen by `"hid": "hidapi"` in agent.json, and by itself on macOS. On Linux hidapi goes by libusb again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from baton_agent.drivers import Found
from baton_agent.transport import Gone

_REPORT = 64
_READ_MS = 100
_NO_ID = b"\0"
"""What hidapi wants before a report that has no id."""


def is_chosen(setting: str) -> bool:
    return setting == "hidapi" or (not setting and sys.platform == "darwin")


def plugged() -> Iterator[tuple[Found, bytes]]:
    """Every HID device with the path to open its last interface by, as boxes speak on that. Raises ImportError."""
    import hid  # noqa: PLC0415  an extra that few need

    found: dict[Found, tuple[int, bytes]] = {}
    for one in hid.enumerate():
        about = Found(
            one["vendor_id"], one["product_id"], one["manufacturer_string"] or "", one["product_string"] or "",
            one["serial_number"] or "", is_modem=False,
        )  # fmt: skip
        place = (one["interface_number"], one["path"])
        found[about] = max(place, found.get(about, place))
    for about, (_interface, path) in found.items():
        yield about, path


class HidTransport:
    """One HID device; nobody else's programs can read it meanwhile. Raises OSError where it cannot be opened."""

    def __init__(self, path: bytes) -> None:
        import hid  # noqa: PLC0415  as above

        self._device: Any = hid.device()
        self._device.open_path(path)

    def read(self) -> bytes:
        try:
            return bytes(self._device.read(_REPORT, _READ_MS))
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from error

    def write(self, data: bytes) -> None:
        try:
            sent = self._device.write(_NO_ID + data)
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from error
        if sent < 0:
            raise Gone("the report was not taken")

    def close(self) -> None:
        with suppress(OSError, ValueError):
            self._device.close()
