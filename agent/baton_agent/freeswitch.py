"""FreeSWITCH's event socket (mod_event_socket): calls of a PBX as events.

Each telephone is a channel of its own with a Unique-ID; those that belong together share Channel-Call-UUID. Values are
URL-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from baton_agent.asking import Asked, remember

EVENTS = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB"
_MOST = 500


class FreeSwitch:
    """Fed with one event at a time; gives events without ids and times."""

    def __init__(self) -> None:
        self._callers: dict[str, str] = {}
        """Call -> Unique-ID of whoever began it."""
        self._asked: dict[str, Asked] = {}

    def dial(self, asked: Asked, way: Mapping[str, str]) -> str:
        """What to send; `way` is the entry `dial` of agent.json: {"endpoint": "user/{extension}", "context"}."""
        remember(self._asked, asked)
        endpoint = way.get("endpoint", "user/{extension}").replace("{extension}", asked.extension)
        known = f"{{origination_uuid={asked.call},origination_caller_id_number={asked.extension}}}"
        rest = f"{asked.digits} XML {way.get('context', 'default')}"
        return f"bgapi originate {known}{endpoint} {rest}\nJob-UUID: {asked.call}\n\n"

    def refused(self, message: Mapping[str, str]) -> tuple[str, str] | None:
        """(call, why) where this tells that a call that was asked for has come to nothing."""
        call = message.get("Job-UUID", "")
        told = next((name for name in message if name.startswith("-ERR")), "")
        return (call, told) if told and call in self._asked else None

    def feed(self, message: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        given = {name: unquote(value) for name, value in message.items()}
        event, channel = given.get("Event-Name", ""), given.get("Unique-ID", "")
        call = given.get("Channel-Call-UUID") or channel
        if not call:
            return
        if call in self._asked or channel in self._asked:
            yield from self._of_asked(event, channel, self._asked.get(call) or self._asked[channel])
        elif given.get("Call-Direction") == "inbound" and event == "CHANNEL_CREATE":
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

    @staticmethod
    def _of_asked(event: str, channel: str, asked: Asked) -> Iterator[dict[str, Any]]:
        """Its first channel is the telephone of whoever asked; the others are the customer's."""
        if event == "CHANNEL_CREATE" and channel == asked.call:
            yield asked.ringing()
        elif event == "CHANNEL_ANSWER" and channel != asked.call:
            yield {"kind": "answered", "call": asked.call, "by": asked.extension}
        elif event == "CHANNEL_HANGUP_COMPLETE" and channel == asked.call:
            yield {"kind": "ended", "call": asked.call}


def _called(given: Mapping[str, str]) -> str:
    return given.get("variable_dialed_user") or given.get("Caller-Destination-Number", "")
