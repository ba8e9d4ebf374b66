"""Asterisk's manager interface (AMI): calls of a PBX as events.

A call is known by `Linkedid`. Each telephone of a group rings by its own DialBegin; the one whose DialEnd is ANSWER has
it, and the caller's own Hangup ends it. Whether it was missed follows from that: causes differ among releases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from baton_agent.asking import Asked, remember

_EXTENSION = re.compile(r"(?:PJSIP|SIP|IAX2|SCCP|DAHDI)/([^-@/]+)")
_MOST = 500
"""Calls that are remembered while they last."""

Message = Mapping[str, str]


class Asterisk:
    """Fed with one message at a time; gives events without ids and times."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}
        """Linkedid -> the caller's channel."""
        self._asked: dict[str, Asked] = {}

    def dial(self, asked: Asked, way: Mapping[str, str]) -> str:
        """What to send; `way` is the entry `dial` of agent.json: {"channel": "PJSIP/{extension}", "context"}."""
        remember(self._asked, asked)
        channel = way.get("channel", "PJSIP/{extension}").replace("{extension}", asked.extension)
        lines = {
            "Action": "Originate", "ActionID": asked.call, "ChannelId": asked.call, "Channel": channel,
            "Context": way.get("context", "from-internal"), "Exten": asked.digits, "Priority": "1",
            "CallerID": asked.extension, "Timeout": "30000", "Async": "true",
        }  # fmt: skip
        return "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"

    def refused(self, message: Message) -> tuple[str, str] | None:
        """(call, why) where this tells that a call that was asked for has come to nothing."""
        call, answer = message.get("ActionID", ""), message.get("Response", "")
        if call not in self._asked or answer not in {"Error", "Failure"}:
            return None
        return call, message.get("Message") or f"reason {message.get('Reason', 'unknown')}"

    def feed(self, message: Message) -> Iterator[dict[str, Any]]:
        event, call = message.get("Event", ""), message.get("Linkedid") or message.get("DestLinkedid", "")
        if not call:
            return
        if event == "Newchannel" and message.get("Uniqueid", call) == call:
            if len(self._calls) >= _MOST:
                self._calls.pop(next(iter(self._calls)))
            self._calls[call] = message.get("Channel", "")
        elif event == "DialBegin" and call in self._asked:
            yield self._asked[call].ringing()
        elif event == "DialBegin":
            yield from self._rings(call, message)
        elif event == "DialEnd" and message.get("DialStatus") == "ANSWER" and call in self._asked:
            if message.get("Channel"):
                yield {"kind": "answered", "call": call, "by": self._asked[call].extension}
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
