"""Drivers by bytes alone: good messages, wrong sums, and whatever else a line may bring."""

from __future__ import annotations

import math
import struct
from itertools import count

import pytest
from baton_agent import fsk
from baton_agent.calls import Calls
from baton_agent.drivers import ALL, Found, driver_for
from baton_agent.drivers.ad800 import Ad800
from baton_agent.drivers.cideasy import CidEasy
from baton_agent.drivers.modem import Modem
from baton_agent.dtmf import Caller
from baton_agent.signs import Sign
from hypothesis import given, settings
from hypothesis import strategies as some

PRINTED = bytes.fromhex("041230393330313232343630393535353132313251")
"""A single data message as melabs.com prints it: 30 September 12:24, 609 555 1212."""


def told(signs):
    return [(sign.kind, sign.line, sign.number) for sign in signs]


def test_a_printed_message_is_read_and_its_wrong_sister_is_not_trusted():
    sign = fsk.read(PRINTED)
    assert (sign.number, sign.verified, sign.withheld) == ("6095551212", True, False)
    assert (sign.when.month, sign.when.day, sign.when.hour, sign.when.minute) == (9, 30, 12, 24)
    wrong = fsk.read(PRINTED[:-1] + bytes([PRINTED[-1] ^ 1]))
    assert (wrong.number, wrong.verified) == ("6095551212", False)
    assert fsk.read(PRINTED[:-1]) is None


@given(some.from_regex(r"[0-9]{3,20}", fullmatch=True), some.integers(0, 255), some.integers(1, 255))
@settings(max_examples=60)
def test_one_wrong_byte_never_verifies(number, place, change):
    """Of any byte but the length, which says how many of them the sum is over."""
    message = bytearray(fsk.built(number))
    place = [0, *range(2, len(message))][place % (len(message) - 1)]
    message[place] ^= change
    sign = fsk.read(bytes(message))
    assert sign is None or not sign.verified


@pytest.mark.parametrize("value", ["P", "O"])
def test_withheld_has_no_number(value):
    sign = fsk.read(fsk.built(no_number=value))
    assert (sign.withheld, sign.number) == (True, "")


def test_parity_bits_and_pieces_do_not_matter():
    message = bytearray(fsk.built("02162345678"))
    for at in range(4, len(message) - 1):
        message[at] |= 0x80 * (message[at].bit_count() % 2)
    message[-1] = fsk.checksum(bytes(message[:-1]))
    stream = fsk.Stream()
    whole = b"\x55" * 30 + b"\xff" * 10 + bytes(message)
    found = [sign for byte in whole for sign in stream.feed(bytes([byte]))]
    assert told(found) == [("number", 1, "02162345678")]
    assert found[0].verified


def test_dtmf_before_the_first_ring():
    caller = Caller(2)
    clock = count(0, 0.1)
    signs = [sign for tone in "D13800138000C" if (sign := caller.feed(tone, next(clock)))]
    assert told(signs) == [("number", 2, "13800138000")]
    assert [caller.feed(tone, 10 + 5 * place) for place, tone in enumerate("D138C")] == [None] * 5


@given(some.lists(some.binary(max_size=80), max_size=40), some.sampled_from(ALL))
@settings(max_examples=300)
def test_garbage_neither_stops_a_driver_nor_opens_anybody(reports, kind):
    driver, calls, events = kind(), Calls("box", kind.sees_receiver), []
    for place, report in enumerate(reports):
        now = place * 0.13
        signs = [*driver.feed(report, now), *driver.tick(now)]
        assert all(len(reply) <= 64 for reply in driver.replies())
        assert all(isinstance(sign, Sign) and 1 <= sign.line <= 99 for sign in signs)
        for sign in signs:
            events += calls.take(sign, now)
    assert len({event["id"] for event in events}) == len(events)


@given(some.binary(max_size=300))
def test_after_garbage_a_stream_finds_the_next_message(garbage):
    stream = fsk.Stream()
    list(stream.feed(garbage))
    silence = b"\x00" * 300
    list(stream.feed(silence))
    found = list(stream.feed(b"\x55" * 40 + fsk.built("13800138000")))
    assert [sign.number for sign in found if sign.verified] == ["13800138000"]


def test_a_wrong_message_is_asked_for_again_and_at_last_taken_unverified():
    driver, wrong = CidEasy(), bytearray(fsk.built("02161234567"))
    wrong[-1] ^= 1
    said, signs = [], []
    for _time in range(3):
        signs += driver.feed((b"B" + bytes(wrong)).ljust(64, b"\0"), 0)
        said += [reply.rstrip(b"\0\r\n") for reply in driver.replies()]
    assert said == [b"NAK", b"NAK", b"DCK"]
    assert [(sign.number, sign.line, sign.verified) for sign in signs] == [("02161234567", 2, False)]


def test_a_modem_that_prints_its_lines_in_pieces():
    driver = Modem()
    text = b"\r\nRING\r\n\r\nNMBR=01062345678\r\n\r\nRING\r\n"
    signs = [sign for byte in text for sign in driver.feed(bytes([byte]), 1.0)]
    assert told(signs) == [("ring", 1, ""), ("number", 1, "01062345678"), ("ring", 1, "")]
    assert driver.tick(5) == ()
    assert told(driver.tick(9)) == [("stopped", 1, "")]


def ad800(script):
    """Signs of (seconds, volts or "ring", command) on a clock of its own."""
    driver, now, signs = Ad800(), 0.0, []
    for seconds, volts, command in script:
        until, told_now = now + seconds, command
        while now < until:
            value = 48 + 85 * math.sin(2 * math.pi * 25 * now) if volts == "ring" else volts
            raw = max(0, min(65535, round((value / 60 + 1.65) / 3.3 * 65535)))
            signs += driver.feed(bytes([3, 4 + len(told_now), 0, 2]) + struct.pack(">H", raw) + told_now, now)
            told_now = b""
            now += 0.008
    return told(signs)


def test_a_recorder_box_tells_answered_missed_and_dialled_by_the_voltage():
    quiet = b""
    rings = [(1, 48, quiet), (1, "ring", quiet), (3, 48, quiet), (1, "ring", quiet)]
    answered = ad800([*rings, (2, 9, quiet), (2, 48, quiet)])
    assert answered == [("ring", 3, ""), ("ring", 3, ""), ("lifted", 3, ""), ("hung_up", 3, "")]
    missed = ad800([(1, 48, quiet), (1, "ring", quiet), (6, 48, quiet)])
    assert missed == [("ring", 3, ""), ("stopped", 3, "")]
    tones = bytes([0x32, 5, 1, 0x0A, 0x0A, 8, 6])
    dialled = ad800([(1, 48, quiet), (1, 9, quiet), (5, 9, tones), (2, 48, quiet)])
    assert dialled == [("lifted", 3, ""), ("dialled", 3, "10086"), ("hung_up", 3, "")]


def test_signs_become_events_of_one_call_whatever_comes_first():
    for order in (("ring", "number"), ("number", "ring")):
        calls = Calls("box", sees_receiver=True)
        signs = [Sign(kind, number="138" if kind == "number" else "") for kind in order]
        events = [event for sign in [*signs, Sign("lifted"), Sign("hung_up")] for event in calls.take(sign, 0.0)]
        assert len({event["call"] for event in events}) == 1
        assert [event["kind"] for event in events][-2:] == ["answered", "ended"]
        assert sum(event.get("number") == "138" for event in events) == 1


def test_a_box_that_sees_no_receiver_ends_calls_by_silence_and_says_so():
    calls = Calls("box", sees_receiver=False)
    list(calls.take(Sign("number", number="138"), 0.0))
    assert list(calls.tick(30.0)) == []
    assert [(event["kind"], event["cause"]) for event in calls.tick(41.0)] == [("ended", "untold")]


def test_a_call_that_the_box_kept_is_of_its_own_time():
    calls = Calls("box", sees_receiver=False)
    sign = fsk.read(PRINTED)
    events = list(calls.take(sign, 0.0))
    assert [event["kind"] for event in events] == ["ringing", "ended"]
    assert all("-09-30T" in event["at"] for event in events)
    assert list(calls.tick(100.0)) == []


def test_devices_find_their_drivers():
    whozz = Found(0x0403, 0x6001, "FTDI", "Whozz Calling? POS", "A1", is_modem=False)
    other = Found(0x0403, 0x6001, "FTDI", "HT9032 module", "A1", is_modem=False)
    mouse = Found(0x046D, 0xC077, "Logitech", "Mouse", "", is_modem=False)
    assert driver_for(whozz).name == "whozz"
    assert driver_for(other).name == "fsk-serial"
    assert driver_for(mouse) is None
    assert driver_for(mouse, "cideasy") is CidEasy
    with pytest.raises(KeyError):
        driver_for(mouse, "nobody")
