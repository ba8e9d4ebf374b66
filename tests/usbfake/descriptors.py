"""USB descriptors of caller-ID boxes, byte by byte as a device returns them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

REPORTS = bytes.fromhex("06a0ff0901a1010902150026ff007508954081020903150026ff00750895409102c0")
"""HID: vendor page, reports of 64 bytes both ways, without an id."""


@dataclass(frozen=True)
class Spec:
    vendor: int
    product: int
    strings: dict[int, str]
    device: bytes
    configuration: bytes
    reports: bytes = b""
    driver: str = "usbhid"
    """The kernel's, which holds the interface until it is detached."""
    interfaces: list[int] = field(default_factory=lambda: [0])


def _device(vendor: int, product: int, device_class: int = 0) -> bytes:
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, device_class, 0, 0, 64, vendor, product, 0x0100, 1, 2, 3, 1)


def _endpoint(address: int, kind: int, size: int, interval: int) -> bytes:
    return struct.pack("<BBBBHB", 7, 5, address, kind, size, interval)


def _interface(number: int, endpoints: int, *class_: int) -> bytes:
    return struct.pack("<BBBBBBBBB", 9, 4, number, 0, endpoints, *class_, *[0] * (4 - len(class_)))


def _configuration(*parts: bytes, interfaces: int = 1) -> bytes:
    body = b"".join(parts)
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), interfaces, 1, 0, 0x80, 50) + body


def _hid(vendor: int, product: int, maker: str, title: str, serial: str, interval: int) -> Spec:
    about = struct.pack("<BBHBBBH", 9, 0x21, 0x0111, 0, 1, 0x22, len(REPORTS))
    ends = _endpoint(0x81, 3, 64, interval) + _endpoint(0x02, 3, 64, interval)
    configuration = _configuration(_interface(0, 2, 3), about, ends)
    return Spec(vendor, product, {1: maker, 2: title, 3: serial}, _device(vendor, product), configuration, REPORTS)


def ad800() -> Spec:
    return _hid(0xC5CB, 0x0002, "Artech", "AD800", "00000001", 1)


def security_key() -> Spec:
    """A FIDO key: its reports begin with the usage page by which browsers find it."""
    return replace(
        _hid(0x1050, 0x0402, "Yubico", "Security Key", "77", 5), reports=bytes.fromhex("06d0f1") + REPORTS[3:]
    )


def cideasy() -> Spec:
    """Its ids are not published: these are ones that makers of small series share."""
    return _hid(0x16C0, 0x05DF, "CIDEasy", "Caller ID", "121045", 10)


def ftdi(title: str) -> Spec:
    ends = _endpoint(0x81, 2, 64, 0) + _endpoint(0x02, 2, 64, 0)
    configuration = _configuration(_interface(0, 2, 0xFF, 0xFF, 0xFF, 2), ends)
    return Spec(
        0x0403, 0x6001, {1: "FTDI", 2: title, 3: "A1"}, _device(0x0403, 0x6001), configuration, driver="ftdi_sio"
    )


def modem() -> Spec:
    functions = bytes([5, 0x24, 0, 0x10, 1, 5, 0x24, 1, 0, 1, 4, 0x24, 2, 2, 5, 0x24, 6, 0, 1])
    control = _interface(0, 1, 2, 2, 1) + functions + _endpoint(0x83, 3, 16, 128)
    data = _interface(1, 2, 10) + _endpoint(0x81, 2, 64, 0) + _endpoint(0x02, 2, 64, 0)
    configuration = _configuration(control, data, interfaces=2)
    return Spec(
        0x0BAF, 0x0303, {1: "U.S.Robotics", 2: "USB Modem", 3: "1"}, _device(0x0BAF, 0x0303, 2), configuration,
        driver="cdc_acm", interfaces=[0, 1],
    )  # fmt: skip
