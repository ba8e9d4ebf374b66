"""Asterisk's manager interface (AMI): calls of a PBX as events.

A call is known by `Linkedid`. Each telephone of a group rings by its own DialBegin; the one whose DialEnd is ANSWER has
it, and the caller's own Hangup ends it. Whether it was missed follows from that: causes differ among releases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_EXTENSION = re.compile(r"(?:PJSIP|SIP|IAX2|SCCP|DAHDI)/([^-@/]+)")
_MOST = 500
"""Calls that are remembered while they last."""

Message = Mapping[str, str]


class Asterisk:
    """Fed with one message at a time; gives events without ids and times."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}
        """Linkedid -> the caller's channel."""

    def feed(self, message: Message) -> Iterator[dict[str, Any]]:
        event, call = message.get("Event", ""), message.get("Linkedid") or message.get("DestLinkedid", "")
        if not call:
            return
        if event == "Newchannel" and message.get("Uniqueid", call) == call:
            if len(self._calls) >= _MOST:
                self._calls.pop(next(iter(self._calls)))
            self._calls[call] = message.get("Channel", "")
        elif event == "DialBegin":
            yield from self._rings(call, message)
        elif event == "DialEnd" and message.get("DialStatus") == "ANSWER":
            yield {"kind": "answered", "call": call, "by": extension(message.get("DestChannel", ""))}
        elif event == "Hangup" and self._calls.get(call) == message.get("Channel"):
            del self._calls[call]
            yield {"kind": "ended", "call": call, "cause": message.get("Cause-txt", "")[:40]}

    def _rings(self, call: str, message: Message) -> Iterator[dict[str, Any]]:
        caller, called = extension(message.get("Channel", "")), extension(message.get("DestChannel", ""))
        number = message.get("CallerIDNum", "")
        self._calls.setdefault(call, message.get("Channel", ""))
        if caller and caller == number:  # one of the house's telephones: it calls out, or a colleague
            dialled = message.get("DialString", "").partition("@")[0].rpartition("/")[2]
            yield {"kind": "ringing", "call": call, "direction": "out", "number": dialled, "to": [caller]}
        elif called:
            withheld = number in {"", "<unknown>", "anonymous"}
            known = {"withheld": True} if withheld else {"number": number}
            yield {"kind": "ringing", "call": call, "to": [called], **known}


def extension(channel: str) -> str:
    """`PJSIP/101-00000001` -> `101`; nothing for channels that are no telephone's, such as `Local/…`."""
    found = _EXTENSION.match(channel)
    return found[1] if found else ""
