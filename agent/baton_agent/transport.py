"""Reading and writing devices: by libusb through pyusb everywhere, by pyserial where a COM port is all there is."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

import usb.core
import usb.util

from baton_agent.drivers import Found, Port

_READ_MS = 100
_WRITE_MS = 500
_COMMUNICATIONS, _ABSTRACT_CONTROL = 2, 2
_FTDI_DIVISORS = {1200: 0x09C4, 2400: 0x04E2, 9600: 0x4138, 19200: 0x809C}
"""Of the 3 MHz clock, with the fraction in the top bits (FTDI AN232B-05)."""


class Gone(Exception):
    """The device was pulled out, or does not answer any more."""


class Transport(Protocol):
    """Raises Gone from `read` and `write` when the device is not there any more."""

    def read(self) -> bytes:
        """What has come in within a tenth of a second; empty when nothing has."""
        ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


Place = tuple[int, int, int, int]
"""Bus and address with the ids of what was found there."""


def plugged(known: dict[Place, Found] | None = None, leave: Collection[str] = ()) -> Iterator[tuple[Found, Any]]:
    """Every device on the bus, with the pyusb device. Raises usb.core.NoBackendError without libusb.

    Devices are asked for their names once, as long as the caller keeps `known`: asking wakes them up. Those whose USB
    ids are in `leave` are not asked at all.
    """
    known = {} if known is None else known
    there: set[Place] = set()
    for device in usb.core.find(find_all=True) or ():
        with suppress(usb.core.USBError, ValueError, NotImplementedError):
            if f"{device.idVendor:04x}:{device.idProduct:04x}" in leave:
                continue
            place = (device.bus, device.address, device.idVendor, device.idProduct)
            there.add(place)
            if place not in known:
                known[place] = _found(device)
            yield known[place], device
    for place in known.keys() - there:
        del known[place]


def _found(device: Any) -> Found:
    return Found(
        device.idVendor, device.idProduct, _text(device, "manufacturer"), _text(device, "product"),
        _text(device, "serial_number"), _is_modem(device),
    )  # fmt: skip


def _text(device: Any, name: str) -> str:
    try:
        return str(getattr(device, name) or "")
    except (usb.core.USBError, ValueError, NotImplementedError):
        return ""  # without the right to open it only ids are known


def _is_modem(device: Any) -> bool:
    return any(
        (interface.bInterfaceClass, interface.bInterfaceSubClass) == (_COMMUNICATIONS, _ABSTRACT_CONTROL)
        for configuration in device
        for interface in configuration
    )


class UsbTransport:
    """One interface of a device by its two endpoints."""

    def __init__(self, device: Any, port: Port) -> None:
        """Takes the interface from the kernel's driver. Raises usb.core.USBError, among others when it is busy."""
        self._device = device
        # The same modules are sold behind an FTDI chip and as a CDC-ACM device, which says so itself.
        self._port = replace(port, kind="acm") if port.kind == "ftdi" and _is_modem(device) else port
        try:
            self._claim()
        except usb.core.USBError:
            self.close()
            raise

    def _claim(self) -> None:
        configuration = self._device.get_active_configuration()
        numbers = sorted({interface.bInterfaceNumber for interface in configuration})
        for number in numbers:
            with suppress(NotImplementedError):
                if self._device.is_kernel_driver_active(number):
                    self._device.detach_kernel_driver(number)
        for number in numbers:
            usb.util.claim_interface(self._device, number)
        self._in, self._out = self._endpoints(configuration)
        if self._port.kind == "ftdi":
            self._open_ftdi()
        elif self._port.kind == "acm":
            coding = struct.pack("<IBBB", self._port.baud, 0, 0, 8)
            self._device.ctrl_transfer(0x21, 0x20, 0, 0, coding)  # SET_LINE_CODING, 8N1
            self._device.ctrl_transfer(0x21, 0x22, 3, 0)  # DTR and RTS

    @staticmethod
    def _endpoints(configuration: Any) -> tuple[Any, Any]:
        """Those of the last interface that has one in each direction: the first of a modem has none to talk by."""
        found: list[tuple[Any, Any]] = []
        for interface in configuration:
            ways = {usb.util.endpoint_direction(end.bEndpointAddress): end for end in interface}
            if len(ways) == 2:
                found.append((ways[usb.util.ENDPOINT_IN], ways[usb.util.ENDPOINT_OUT]))
        if not found:
            raise usb.core.USBError("no interface to talk by")
        return found[-1]

    def _open_ftdi(self) -> None:
        divisor = _FTDI_DIVISORS[self._port.baud]
        # reset, baud, 8N1, DTR and RTS, latency
        for request, value in ((0, 0), (3, divisor), (4, 8), (1, 0x0303), (9, 16)):
            self._device.ctrl_transfer(0x40, request, value, 0)

    def read(self) -> bytes:
        try:
            data = bytes(self._in.read(self._in.wMaxPacketSize, timeout=_READ_MS))
        except usb.core.USBTimeoutError:
            return b""
        except usb.core.USBError as error:
            raise Gone(str(error)) from error
        return data[2:] if self._port.kind == "ftdi" else data  # each packet begins with the state of the modem lines

    def write(self, data: bytes) -> None:
        try:
            self._out.write(data, _WRITE_MS)
        except usb.core.USBError as error:
            raise Gone(str(error)) from error

    def close(self) -> None:
        with suppress(usb.core.USBError):
            usb.util.dispose_resources(self._device)


class SerialTransport:
    """A COM port or tty, for systems whose own driver keeps the device."""

    def __init__(self, name: str, port: Port) -> None:
        import serial  # noqa: PLC0415  an extra that few need

        self._errors: type[Exception] = serial.SerialException
        self._serial = serial.Serial(name, port.baud, timeout=_READ_MS / 1000, write_timeout=_WRITE_MS / 1000)

    def read(self) -> bytes:
        try:
            return bytes(self._serial.read(max(1, self._serial.in_waiting)))
        except self._errors as error:
            raise Gone(str(error)) from error

    def write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except self._errors as error:
            raise Gone(str(error)) from error

    def close(self) -> None:
        self._serial.close()
