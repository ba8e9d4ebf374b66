"""Finding boxes, listening to each on a thread of its own, and finding them again after they were pulled out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import usb.core

from baton_agent import hidboxes
from baton_agent.calls import Calls
from baton_agent.drivers import Driver, Found, by_name, driver_for
from baton_agent.signs import Sign
from baton_agent.transport import Gone, Place, SerialTransport, Transport, UsbTransport, plugged

_log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0
Heard = Callable[[list[dict[str, Any]]], None]
"""What becomes of events."""
Noticed = Callable[[str, Sign], None]


class Watch:
    """`use`: USB id -> driver, where the device does not say it; `serial`: port -> driver; `hid`: as in agent.json.

    `changed` is called when a device is there that was not, and the other way round.
    """

    def __init__(
        self,
        heard: Heard,
        *,
        use: Mapping[str, str] | None = None,
        serial: Mapping[str, str] | None = None,
        hid: str = "",
        noticed: Noticed = lambda _device, _sign: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._heard = heard
        self._noticed = noticed
        self._changed = changed
        self._use = dict(use or {})
        self._serial = dict(serial or {})
        self._by_hidapi = hidboxes.is_chosen(hid)
        self._lock = threading.Lock()
        self._devices: dict[str, dict[str, str]] = {}
        self._running: dict[str, threading.Thread] = {}
        self._known: dict[Place, Found] = {}
        self.stop = threading.Event()

    def devices(self) -> list[dict[str, str]]:
        """{"key", "driver", "state", "detail"} of each, also of those that were there."""
        with self._lock:
            return [dict(device) for device in self._devices.values()]

    def run(self) -> None:
        """Look for devices until `stop` is set."""
        while not self.stop.is_set():
            try:
                self._look()
            except usb.core.NoBackendError:
                if not self._by_hidapi:
                    self._say("usb", "-", "failed", "libusb is not installed")
            except usb.core.USBError as error:
                _log.warning("the bus cannot be read: %s", error)
            self.stop.wait(_LOOK_EVERY)
        for thread in self._running.values():
            thread.join(2)

    def _look(self) -> None:
        taken = self._look_by_hidapi() if self._by_hidapi else ()
        self._look_at_ports()
        for found, device in plugged(self._known, taken):
            driver = self._wanted(found)
            if driver is not None:
                self._start(found.key, driver, lambda device=device, port=driver.port: UsbTransport(device, port))  # type: ignore[misc]

    def _wanted(self, found: Found) -> type[Driver] | None:
        """The driver of a device that nobody reads yet."""
        driver = driver_for(found, self._use.get(found.usb_id, ""))
        return None if driver is None or self._is_running(found.key) else driver

    def _look_by_hidapi(self) -> set[str]:
        """Ids of what libusb is to leave alone."""
        taken = set()
        try:
            for found, path in hidboxes.plugged():
                taken.add(found.usb_id)
                driver = self._wanted(found)
                if driver is not None and driver.port.kind == "hid":
                    self._start(found.key, driver, lambda path=path: hidboxes.HidTransport(path))  # type: ignore[misc]
        except ImportError:
            self._say("hid", "-", "failed", "hidapi is not installed: pip install baton-agent[hid]")
        return taken

    def _look_at_ports(self) -> None:
        for name, chosen in self._serial.items():
            if not self._is_running(name):
                driver = by_name(chosen)
                self._start(name, driver, lambda name=name, port=driver.port: SerialTransport(name, port))  # type: ignore[misc]

    def _is_running(self, key: str) -> bool:
        return key in self._running and self._running[key].is_alive()

    def _start(self, key: str, driver: type[Driver], opened: Callable[[], Transport]) -> None:
        thread = threading.Thread(target=self._listen, args=(key, driver, opened), name=key, daemon=True)
        self._running[key] = thread
        thread.start()

    def _listen(self, key: str, kind: type[Driver], opened: Callable[[], Transport]) -> None:
        try:
            transport = opened()
        except (usb.core.USBError, OSError, ImportError) as error:
            self._say(key, kind.name, "busy", str(error))
            return
        driver = kind()
        calls = Calls(key, driver.sees_receiver)
        try:
            for data in driver.begin():
                transport.write(data)
            self._say(key, kind.name, "up")
            while not self.stop.is_set():
                data, now = transport.read(), time.monotonic()
                signs = driver.feed(data, now) if data.strip(b"\0") else driver.tick(now)
                self._pass_on(key, calls, signs, now)
                for reply in driver.replies():
                    transport.write(reply)
        except Gone as error:
            self._say(key, kind.name, "gone", str(error))
        finally:
            transport.close()

    def _pass_on(self, key: str, calls: Calls, signs: Iterable[Sign], now: float) -> None:
        events: list[dict[str, Any]] = []
        for sign in signs:
            self._noticed(key, sign)
            events += calls.take(sign, now)
        events += calls.tick(now)
        if events:
            self._heard(events)

    def _say(self, key: str, driver: str, state: str, detail: str = "") -> None:
        with self._lock:
            before = self._devices.get(key, {}).get("state")
            self._devices[key] = {"key": key[:80], "driver": driver, "state": state, "detail": detail[:200]}
        if before != state:
            _log.info("%s (%s): %s %s", key, driver, state, detail)
            self._changed()
