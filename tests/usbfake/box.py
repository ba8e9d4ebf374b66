"""An emulated device: sysfs as plain files, usbdevfs over libumockdev-preload's socket, hot-plug as udev tells it.

The program that is to see it runs with LD_PRELOAD=libumockdev-preload.so.0 and UMOCKDEV_DIR; nothing else of it is
changed. Each message of the socket is three native longs; checked with umockdev 0.17.16:
    client  1 ioctl(request, address)
    server  5 read memory(address, n), n bytes come back; 6 write memory(address, n) and n bytes; 3 done(result, errno)
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.usbfake import ioctls, murmur
from tests.usbfake.descriptors import Spec

_PARK = 0.005


@dataclass
class _Request:
    """A transfer on its way (struct usbdevfs_urb)."""

    address: int
    endpoint: int
    buffer: int
    length: int
    number: int
    """Which plugging-in the handle belongs to that asked for it"""
    offset: int = 0
    data: bytes = b""
    actual: int = 0
    status: int = 0


class _Client:
    """One open() of the device node. `number`: which plugging-in it belongs to, and ends with."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self._connection = connection
        self.number = number

    def _receive(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            part = self._connection.recv(size - len(found))
            if not part:
                raise EOFError
            found += part
        return found

    def request(self) -> tuple[int, int, int]:
        command, request, address = struct.unpack("LLL", self._receive(24))
        return command, request, address

    def read(self, address: int, size: int) -> bytes:
        self._connection.sendall(struct.pack("LLL", 5, address, size))
        return self._receive(size)

    def write(self, address: int, data: bytes) -> None:
        if data:
            self._connection.sendall(struct.pack("LLL", 6, address, len(data)) + data)

    def done(self, result: int = 0, error: int = 0) -> None:
        self._connection.sendall(struct.pack("lLL", 3, result & (2**64 - 1), error))

    def fail(self, error: int) -> None:
        self.done(-1, error)


class Box:
    """Plug it in, `say` what it sends, read `heard` for what it was sent, pull it out, plug it in again."""

    def __init__(self, folder: Path, spec: Spec, *, answers: Callable[[bytes], bytes] | None = None) -> None:
        """`answers` gives what the device says to each transfer it gets; empty for nothing."""
        self.folder = folder
        self.heard: list[bytes] = []
        self.park = _PARK
        """The node is a plain file and always ready to be polled: an answer may wait so long, or libusb would spin."""
        self.is_taken = False
        """Another program has claimed its interfaces, which unlike a driver of the kernel cannot be told to let go."""
        self._spec = spec
        self._answers = answers
        self._number = 1
        self._state = threading.Condition()
        self._waiting: list[_Request] = []
        self._finished: list[_Request] = []
        self._reports: list[bytes] = []
        self._held: set[int] = set()
        self._gone = True

    @property
    def environment(self) -> dict[str, str]:
        return {"UMOCKDEV_DIR": str(self.folder), "LD_PRELOAD": "libumockdev-preload.so.0"}

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_raised: object) -> None:
        if not self._gone:
            self.pull()

    def plug(self) -> None:
        """At another address each time, as a bus does."""
        self._number += 1
        with self._state:
            self._gone, self._held = False, set(self._spec.interfaces)
        self._sysfs = self.folder / f"sys/devices/pci0000:00/0000:00:14.0/usb1/1-{self._number - 1}"
        self._node = f"bus/usb/001/{self._number:03}"
        self._write_sysfs()
        for path in ("dev/bus/usb/001", "ioctl/dev/bus/usb/001", "dev/.node"):
            (self.folder / path).mkdir(parents=True, exist_ok=True)
        (self.folder / "dev/.node" / self._node.replace("/", "_")).symlink_to(f"189:{self._number - 1}")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.folder / "ioctl/dev" / self._node))
        self._server.listen(8)
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()
        (self.folder / "dev" / self._node).touch()
        self._announce("add")

    def pull(self) -> None:
        with self._state:
            self._gone = True
            for request in self._waiting:
                self._finish(request, status=-errno.ESHUTDOWN)
            self._waiting.clear()
            self._reports.clear()
            self._state.notify_all()
        (self.folder / "sys/bus/usb/devices" / self._sysfs.name).unlink()
        shutil.rmtree(self._hidraw, ignore_errors=True)
        shutil.rmtree(self._sysfs)
        (self.folder / "dev" / self._node).unlink()
        (self.folder / "dev/.node" / self._node.replace("/", "_")).unlink()
        self._server.close()
        (self.folder / "ioctl/dev" / self._node).unlink()
        self._announce("remove")

    def say(self, report: bytes) -> None:
        """One transfer to the host."""
        with self._state:
            self._reports.append(report)
            self._deliver()
            self._state.notify_all()

    def _write_sysfs(self) -> None:
        spec, folder = self._spec, self._sysfs
        folder.mkdir(parents=True)
        values = {
            "bConfigurationValue": 1, "busnum": 1, "devnum": self._number, "speed": 12,
            "idVendor": f"{spec.vendor:04x}", "idProduct": f"{spec.product:04x}", "uevent": self._uevent().strip(),
        }  # fmt: skip
        for name, value in values.items():
            (folder / name).write_text(f"{value}\n")
        (folder / "descriptors").write_bytes(spec.device + spec.configuration)
        for path in ("sys/bus/usb/devices", "sys/class"):
            (self.folder / path).mkdir(parents=True, exist_ok=True)
        (folder / "subsystem").symlink_to(os.path.relpath(self.folder / "sys/bus/usb", folder))
        devices = self.folder / "sys/bus/usb/devices"
        (devices / folder.name).symlink_to(os.path.relpath(folder, devices))

        if spec.reports:
            self._write_hidraw()

    def _write_hidraw(self) -> None:
        """What the kernel's HID driver shows of it, to everybody."""
        spec = self._spec
        device = self._sysfs / f"0003:{spec.vendor:04X}:{spec.product:04X}.0001"
        device.mkdir()
        (device / "report_descriptor").write_bytes(spec.reports)
        name = f"{spec.strings.get(1, '')} {spec.strings.get(2, '')}".strip()
        told = {"HID_ID": f"0003:0000{spec.vendor:04X}:0000{spec.product:04X}", "HID_NAME": name}
        told |= {"HID_PHYS": "usb-0000:00:14.0-1/input0", "HID_UNIQ": spec.strings.get(3, "")}
        (device / "uevent").write_text("".join(f"{key}={value}\n" for key, value in told.items()))
        self._hidraw.mkdir(parents=True)
        (self._hidraw / "device").symlink_to(os.path.relpath(device, self._hidraw))

    @property
    def _hidraw(self) -> Path:
        return self.folder / "sys/class/hidraw" / f"hidraw{self._number}"

    def _uevent(self) -> str:
        spec = self._spec
        return (
            f"MAJOR=189\nMINOR={self._number - 1}\nDEVNAME={self._node}\nDEVTYPE=usb_device\nDRIVER=usb\n"
            f"PRODUCT={spec.vendor:x}/{spec.product:x}/100\nBUSNUM=001\nDEVNUM={self._number:03}\nSUBSYSTEM=usb\n"
        )

    def _announce(self, action: str) -> None:
        """udev's message; its netlink socket is a datagram socket in the folder here."""
        relative = self._sysfs.relative_to(self.folder / "sys")
        values = {"ACTION": action, "DEVPATH": f"/{relative}", "SEQNUM": str(time.monotonic_ns() % 10**9)}
        values |= dict(line.split("=", 1) for line in self._uevent().splitlines())
        values["DEVNAME"] = f"/dev/{self._node}"
        body = b"\0".join(f"{name}={value}".encode() for name, value in values.items()) + b"\0"
        hashes = (socket.htonl(murmur.hash2(text)) for text in ("usb", "usb_device"))
        head = struct.pack("=8sIIIIIIII", b"libudev\0", socket.htonl(0xFEEDCAFE), 40, 40, len(body), *hashes, 0, 0)
        for listener in self.folder.glob("event*"):
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_RAW) as sender:
                sender.sendto(head + body, str(listener))

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _address = server.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        client = _Client(connection, self._number)
        with connection, suppress(EOFError, OSError):
            while True:
                command, request, address = client.request()
                if command == 1:
                    self._ioctl(client, request, address)
                else:
                    client.done(-100)  # read and write of the node: do the real thing

    def _ioctl(self, client: _Client, request: int, address: int) -> None:
        if request in {ioctls.REAP, ioctls.REAP_NOW}:
            self._reap(client, address)
        elif self._is_gone(client):
            client.fail(errno.ENODEV)
        elif request == ioctls.SUBMIT:
            self._submit(client, address)
        elif request == ioctls.DISCARD:
            self._discard(client, address)
        elif request == ioctls.CAPABILITIES:
            client.write(address, struct.pack("<I", 0x1F))
            client.done()
        elif request == ioctls.SPEED:
            client.done(2)
        elif request in ioctls.HARMLESS:
            client.done()
        else:
            self._driver(client, request, address)

    def _driver(self, client: _Client, request: int, address: int) -> None:
        """Which kernel driver holds an interface, taking it off, and claiming what is free."""
        if request == ioctls.GET_DRIVER:
            if struct.unpack("<I", client.read(address, 4))[0] in self._held:
                client.write(address + 4, self._spec.driver.encode() + b"\0")
                client.done()
            else:
                client.fail(errno.ENODATA)
        elif request == ioctls.IOCTL:
            interface, code = struct.unpack("<iI", client.read(address, 8))
            if code == ioctls.DISCONNECT:
                held = interface in self._held
                self._held.discard(interface)
                client.done() if held else client.fail(errno.ENODATA)
            else:
                self._held.add(interface)
                client.done(1)
        elif request == ioctls.CLAIM:
            busy = self.is_taken or struct.unpack("<I", client.read(address, 4))[0] in self._held
            client.fail(errno.EBUSY) if busy else client.done()
        else:
            client.fail(errno.ENOTTY)

    def _is_gone(self, client: _Client) -> bool:
        """Also for whoever slept while it was pulled out and plugged in again."""
        return self._gone or client.number != self._number

    def _submit(self, client: _Client, address: int) -> None:
        kind, endpoint, _status, _flags, buffer, size = struct.unpack("<BBxxiIxxxxQi", client.read(address, 28))
        request = _Request(address, endpoint, buffer, size, client.number)
        data = client.read(buffer, size) if size else b""
        with self._state:
            if self._is_gone(client):
                client.fail(errno.ENODEV)
                return
            if kind == ioctls.CONTROL_URB:
                self._control(request, data)
            elif endpoint & 0x80:
                self._waiting.append(request)
                self._deliver()
            else:
                self._finish(request, actual=size)
                self.heard.append(data)
                if self._answers and (answer := self._answers(data)):
                    self._reports.append(answer)
                    self._deliver()
            self._state.notify_all()
        client.done()

    def _discard(self, client: _Client, address: int) -> None:
        with self._state:
            for request in self._waiting:
                if request.address == address:
                    self._waiting.remove(request)
                    self._finish(request, status=-errno.ENOENT)
                    break
            else:
                client.fail(errno.EINVAL)
                return
        client.done()

    def _reap(self, client: _Client, address: int) -> None:
        with self._state:
            gone = self._is_gone(client)
            if not self._finished and self._waiting and not gone:
                self._state.wait(self.park)
            # A handle whose box is gone still gets what was under way, as failed: libusb waits for each transfer.
            request = next((one for one in self._finished if one.number == client.number), None)
            if request is not None:
                self._finished.remove(request)
        if request is None:
            client.fail(errno.ENODEV if gone else errno.EAGAIN)
            return
        client.write(request.buffer + request.offset, request.data)
        client.write(request.address + 4, struct.pack("<i", request.status))
        client.write(request.address + 28, struct.pack("<i", request.actual))
        client.write(address, struct.pack("<Q", request.address))
        client.done()

    def _finish(self, request: _Request, data: bytes = b"", *, actual: int = 0, status: int = 0) -> None:
        request.data, request.actual, request.status = data, actual or len(data), status
        self._finished.append(request)

    def _deliver(self) -> None:
        while self._waiting and self._reports:
            request = self._waiting.pop(0)
            self._finish(request, self._reports.pop(0)[: request.length])

    def _control(self, request: _Request, data: bytes) -> None:
        kind, number, value, _index, size = struct.unpack_from("<BBHHH", data)
        request.offset = 8
        if kind & 0x80:
            answer = self._descriptor(kind, value >> 8, value & 0xFF) if number == 6 else None
            if answer is None:
                self._finish(request, status=-errno.EPIPE)
            else:
                self._finish(request, answer[:size])
        else:
            self.heard.append(data[: 8 + size])
            self._finish(request, actual=size)

    def _descriptor(self, kind: int, what: int, index: int) -> bytes | None:
        if what == 3:
            text = self._spec.strings.get(index, "") if index else ""
            body = text.encode("utf-16-le") if index else struct.pack("<H", 0x0409)
            return bytes([len(body) + 2, 3]) + body
        device = {1: self._spec.device, 2: self._spec.configuration}
        return self._spec.reports if kind == 0x81 and what == 0x22 else device.get(what)
