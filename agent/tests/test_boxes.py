"""The agent as a process, reading emulated boxes through the system's libusb and unmodified pyusb."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from platform_core.testing.waiting import wait_until
from tests.usbfake import descriptors, programs, scripts
from tests.usbfake.box import Box

pytestmark = pytest.mark.skipif(not programs.has_umockdev(), reason=programs.MISSING)


@dataclass
class Listening:
    process: subprocess.Popen
    lines: list[str] = field(default_factory=list)

    def read(self) -> None:
        self.lines.extend(line.strip() for line in self.process.stdout)

    def heard(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def waits_for(self, text: str) -> None:
        try:
            wait_until(lambda: self.heard(text), 30)
        except TimeoutError:
            raise AssertionError(f"no {text!r} among {self.lines}") from None


@contextmanager
def agent(box: Box, tmp_path, until: str = ": up", **settings: Any) -> Iterator[Listening]:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "agent.json").write_text(json.dumps(settings))
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "baton_agent", "listen"],
        env={**os.environ, **box.environment, "BATON_AGENT_DIR": str(tmp_path / "home")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    listening = Listening(process)
    reader = threading.Thread(target=listening.read)
    reader.start()
    try:
        listening.waits_for(until)
        yield listening
    finally:
        process.terminate()
        process.wait(10)
        reader.join(10)
        process.stdout.close()


def shown(lines: list[str]) -> list[str]:
    return [found[1].strip() for line in lines if (found := re.search(r"(line \d+: .*)", line))]


CALLS = {
    "cideasy": (descriptors.cideasy(), scripts.cideasy, [
        "line 1: number 13800138000 LI LEI", "line 2: number 02161234567", "line 3: number withheld",
    ]),
    "whozz": (descriptors.ftdi("Whozz Calling? POS"), scripts.whozz, [
        "line 1: ring", "line 1: number 13800138000 LI LEI", "line 1: lifted", "line 1: hung_up",
        "line 2: number 13900138000  (wrong checksum)", "line 3: number withheld", "line 4: dialled 10086",
    ]),
    "fsk-serial": (descriptors.ftdi("HT9032 module"), scripts.fsk_serial, ["line 1: number 13800138000 ACME"]),
    "modem": (descriptors.modem(), scripts.modem, ["line 1: ring", "line 1: number 13800138000", "line 1: ring"]),
    "ad800": (descriptors.ad800(), lambda box: scripts.Ad800(box).answered(), [
        "line 1: ring", "line 1: number 13800138000", "line 1: lifted", "line 1: hung_up",
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_box_is_read_through_libusb(name, tmp_path):
    spec, script, expected = CALLS[name]
    box = Box(tmp_path / "usb", spec, answers=answering)
    with box, agent(box, tmp_path) as listening:
        script(box)
        listening.waits_for(expected[-1])
        wait_until(lambda: len(shown(listening.lines)) >= len(expected), 30)
    assert shown(listening.lines) == expected
    assert listening.process.returncode == 0


@pytest.mark.parametrize("name", ["cideasy", "ad800"])
def test_a_hid_box_is_read_through_hidapi(name, tmp_path):
    """The library as it is on Windows and macOS; below it lies libusb here, and their own interfaces there."""
    spec, script, expected = CALLS[name]
    with Box(tmp_path / "usb", spec) as box, agent(box, tmp_path, hid="hidapi") as listening:
        script(box)
        listening.waits_for(expected[-1])
        wait_until(lambda: len(shown(listening.lines)) >= len(expected), 30)
        if name == "cideasy":
            wait_until(lambda: answers(box)[-1:] == [b"ACK"])
        box.pull()
        listening.waits_for(": gone")
    assert shown(listening.lines) == expected


def test_hidapi_leaves_other_boxes_to_libusb(tmp_path):
    spec, script, expected = CALLS["fsk-serial"]
    with Box(tmp_path / "usb", spec) as box, agent(box, tmp_path, hid="hidapi") as listening:
        script(box)
        listening.waits_for(expected[-1])


def test_raw_messages_come_from_a_cdc_device_as_well_where_its_driver_is_named(tmp_path):
    message = b"\x55" * 32 + b"\xff" * 8 + scripts.built(scripts.CALLER, "ACME")
    with (
        Box(tmp_path / "usb", descriptors.modem()) as box,
        agent(box, tmp_path, use={"0baf:0303": "fsk-serial"}) as listening,
    ):
        for at in range(0, len(message), 64):
            box.say(message[at : at + 64])
        listening.waits_for("line 1: number 13800138000 ACME")


def answers(box: Box) -> list[bytes]:
    return [reply.rstrip(b"\0\r\n") for reply in box.heard]


def test_pulled_out_and_plugged_in_again(tmp_path):
    """Also after garbage, and although the kernel's driver holds the interface each time."""
    box = Box(tmp_path / "usb", descriptors.cideasy())
    with box, agent(box, tmp_path) as listening:
        for garbage in (b"", b"\0" * 64, b"\xff" * 64, b"A\x80\xff" + b"\x55" * 61):
            box.say(garbage)
        wait_until(lambda: b"NAK" in answers(box))
        box.pull()
        listening.waits_for(": gone")
        listening.lines.clear()
        box.plug()
        listening.waits_for(": up")
        scripts.cideasy(box)
        listening.waits_for("number 13800138000")
        wait_until(lambda: answers(box)[-1:] == [b"ACK"])


def answering(data: bytes) -> bytes:
    return data + b"\r\nOK\r\n" if data.startswith(b"AT") else b""


@pytest.mark.parametrize("name", CALLS)
def test_every_box_is_read_again_after_it_was_pulled_out_in_the_middle_of_garbage(name, tmp_path):
    spec, script, expected = CALLS[name]
    with Box(tmp_path / "usb", spec, answers=answering) as box, agent(box, tmp_path) as listening:
        for garbage in (b"", b"\xff" * 62, b"\x01\x60\x80\xff\r\n" + b"\x55" * 40):
            box.say(garbage)
        box.pull()
        listening.waits_for(": gone")
        listening.lines.clear()
        box.plug()
        listening.waits_for(": up")
        script(box)
        listening.waits_for(expected[-1])
        wait_until(lambda: len(shown(listening.lines)) >= len(expected), 30)
    assert shown(listening.lines) == expected


@pytest.mark.parametrize("name", CALLS)
def test_after_the_workstation_slept_its_box_is_read_again(name, tmp_path):
    """As sleep is for a process: it stands still in the middle of a message, and the bus is made anew meanwhile."""
    spec, script, expected = CALLS[name]
    with Box(tmp_path / "usb", spec, answers=answering) as box, agent(box, tmp_path) as listening:
        box.say(b"\x01\x60" + b"\x55" * 20)
        listening.process.send_signal(signal.SIGSTOP)
        box.pull()
        box.plug()
        time.sleep(1)
        listening.lines.clear()
        listening.process.send_signal(signal.SIGCONT)
        listening.waits_for(": gone")
        listening.waits_for(": up")
        script(box)
        listening.waits_for(expected[-1])
        wait_until(lambda: len(shown(listening.lines)) >= len(expected), 30)
    assert shown(listening.lines) == expected
    assert listening.process.returncode == 0


@pytest.mark.parametrize("name", CALLS)
def test_a_box_that_another_program_has_is_busy_and_read_once_it_is_free(name, tmp_path):
    spec, script, expected = CALLS[name]
    box = Box(tmp_path / "usb", spec, answers=answering)
    box.is_taken = True
    with box, agent(box, tmp_path, until=": busy") as listening:
        assert not listening.heard(": up")
        box.is_taken = False
        listening.waits_for(": up")
        script(box)
        listening.waits_for(expected[-1])


def test_the_doctor_names_box_and_driver(tmp_path):
    with Box(tmp_path / "usb", descriptors.ad800()) as box:
        done = subprocess.run(
            [sys.executable, "-m", "baton_agent", "doctor"],
            env={**os.environ, **box.environment, "BATON_AGENT_DIR": str(tmp_path / "home")},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert "c5cb:0002/00000001 Artech AD800: ad800" in done.stdout
    assert "not paired" in done.stdout
    assert done.returncode == 1
