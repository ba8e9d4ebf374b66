"""Security keys (FIDO) in the USB ports: noticing that one was pulled out. Linux only, where sysfs tells it to anybody.

A key is recognised by its HID report descriptor, which begins with the usage page of the FIDO alliance (CTAP 2,
11.2.8.1); it is neither opened nor asked, so the browser goes on using it.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)
_HID = Path("/sys/class/hidraw")
_FIDO = bytes.fromhex("06d0f1")
_LOOK_EVERY = 0.5
_GONE_FOR = 2
"""Looks in a row without it: a bus that starts anew loses all its devices for a moment."""


def plugged() -> dict[str, str]:
    """Id of each key in its port -> what it calls itself."""
    found = {}
    for place in _HID.iterdir() if _HID.is_dir() else ():
        with suppress(OSError):
            if (place / "device" / "report_descriptor").read_bytes().startswith(_FIDO):
                said = (place / "device" / "uevent").read_text("utf-8", "replace")
                told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
                _bus, vendor, product = (told.get("HID_ID", "") + "::").split(":")[:3]
                key = f"{vendor[-4:]}:{product[-4:]}".lower()
                serial = told.get("HID_UNIQ") or told.get("HID_PHYS", place.name)
                found[f"{key}/{serial}"[:80]] = told.get("HID_NAME", "")
    return found


class Keys:
    """Looks after keys until `stop` is set; `heard` gets an event for each that is pulled out."""

    def __init__(self, heard: Callable[[list[dict[str, Any]]], None]) -> None:
        self._heard = heard
        self._missing: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self.stop = threading.Event()

    def devices(self) -> list[dict[str, Any]]:
        return [
            {"key": key, "driver": "fido", "state": "up", "detail": name[:200]} for key, name in self._names.items()
        ]

    def run(self) -> None:
        while not self.stop.is_set():
            self.look()
            self.stop.wait(_LOOK_EVERY)

    def look(self) -> None:
        there, before = plugged(), set(self._names)
        names = {**self._names, **there}
        self._missing = {key: self._missing.get(key, 0) + 1 for key in names.keys() - there.keys()}
        gone = [key for key, looks in self._missing.items() if looks >= _GONE_FOR]
        self._names = {key: name for key, name in names.items() if key not in gone}
        for key in gone:
            del self._missing[key]
        for key in there.keys() - before:
            _log.info("%s (fido): up", key)
        if gone:
            self._heard([_pulled(key) for key in gone])


def _pulled(key: str) -> dict[str, Any]:
    return {"id": uuid.uuid4().hex, "kind": PULLED, "at": datetime.now(UTC).isoformat(), "key": key}


PULLED = "key_pulled"
"""The kind of these events in the spool; the server gets them apart from those of calls."""
