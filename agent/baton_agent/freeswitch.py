"""FreeSWITCH's event socket (mod_event_socket): calls of a PBX as events.

Each telephone is a channel of its own with a Unique-ID; those that belong together share Channel-Call-UUID. Values are
URL-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

EVENTS = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_HANGUP_COMPLETE"
_MOST = 500


class FreeSwitch:
    """Fed with one event at a time; gives events without ids and times."""

    def __init__(self) -> None:
        self._callers: dict[str, str] = {}
        """Call -> Unique-ID of whoever began it."""

    def feed(self, message: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        given = {name: unquote(value) for name, value in message.items()}
        event, channel = given.get("Event-Name", ""), given.get("Unique-ID", "")
        call = given.get("Channel-Call-UUID") or channel
        if not call:
            return
        if given.get("Call-Direction") == "inbound" and event == "CHANNEL_CREATE":
            if len(self._callers) >= _MOST:
                self._callers.pop(next(iter(self._callers)))
            self._callers[call] = channel
        elif given.get("Call-Direction") == "outbound" and event in {"CHANNEL_CREATE", "CHANNEL_PROGRESS"}:
            number = given.get("Caller-Caller-ID-Number", "")
            withheld = number in {"", "anonymous", "0000000000"}
            known: dict[str, Any] = {"withheld": True} if withheld else {"number": number}
            yield {"kind": "ringing", "call": call, "to": [_called(given)], **known}
        elif given.get("Call-Direction") == "outbound" and event == "CHANNEL_ANSWER":
            yield {"kind": "answered", "call": call, "by": _called(given)}
        elif event == "CHANNEL_HANGUP_COMPLETE" and self._callers.get(call) == channel:
            del self._callers[call]
            yield {"kind": "ended", "call": call, "cause": given.get("Hangup-Cause", "")[:40]}


def _called(given: Mapping[str, str]) -> str:
    return given.get("variable_dialed_user") or given.get("Caller-Destination-Number", "")
