"""What agents, exchanges and people send."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

Key = Annotated[str, Meta(min_length=1, max_length=120)]
CallKey = Annotated[str, Meta(min_length=1, max_length=250)]
Text = Annotated[str, Meta(max_length=120)]
Extension = Annotated[str, Meta(max_length=40)]
LONGEST_NAME = 300
"""Letters of where a recording is kept"""


class CallEvent(msgspec.Struct, kw_only=True):
    """Something that happened to a call. Events may come twice and in any order."""

    id: Key
    """The sender's own, never used for another event."""
    kind: Literal["ringing", "answered", "ended"]
    """`ringing` also for a call that goes out, and again when the number becomes known after the first ring."""
    call: CallKey
    at: datetime | None = None
    """With a zone; when it arrives, where left out."""
    direction: Literal["in", "out"] = "in"
    number: Text = ""
    """The other side's, as the line or exchange reports it."""
    withheld: bool = False
    verified: bool = True
    """False: the number's checksum was wrong."""
    line: Extension = ""
    to: Annotated[list[Extension], Meta(max_length=100)] = []
    """Extensions that ring."""
    by: Extension = ""
    """The extension that answered."""
    device: Annotated[str, Meta(max_length=80)] = ""
    cause: Annotated[str, Meta(max_length=40)] = ""
    """Why it ended; `untold` by a device that cannot tell an answered call from a missed one."""
    recording: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""


class Device(msgspec.Struct, kw_only=True):
    """A caller-ID box or exchange at an agent."""

    key: Annotated[str, Meta(max_length=80)]
    driver: Annotated[str, Meta(max_length=40)]
    state: Annotated[str, Meta(max_length=20)]
    detail: Annotated[str, Meta(max_length=200)] = ""
    dials: bool = False
    """People may have it make calls."""


class KeyPulled(msgspec.Struct, kw_only=True):
    """A security key (USB, FIDO) that is no longer in the workstation."""

    id: Key
    """The agent's own, never used for another event."""
    at: datetime
    key: Annotated[str, Meta(max_length=80)]


class FailedCall(msgspec.Struct, kw_only=True):
    """A call that somebody asked for and that came to nothing."""

    id: UUID
    why: Annotated[str, Meta(max_length=200)] = ""


class AgentReport(msgspec.Struct, kw_only=True):
    """What an agent sends: events in the order in which they happened, and how its devices are."""

    sent_at: datetime
    """The agent's clock at this moment: its events are put right by how far it goes wrong."""
    version: Annotated[str, Meta(max_length=20)] = ""
    devices: Annotated[list[Device], Meta(max_length=32)] | None = None
    events: Annotated[list[CallEvent], Meta(max_length=200)] = []
    failed: Annotated[list[FailedCall], Meta(max_length=20)] = []
    pulled: Annotated[list[KeyPulled], Meta(max_length=50)] = []


class AskedCall(msgspec.Struct):
    """A call to make: `extension` rings first and then calls the number."""

    id: UUID
    extension: str
    number: str
    """With + and the country's code."""
    digits: str
    """As somebody at that telephone would dial it."""


class AskedCalls(msgspec.Struct):
    items: list[AskedCall]


class Taken(msgspec.Struct):
    """Ids of the events that need not be sent again, repeated ones included."""

    taken: list[str]


class Pairing(msgspec.Struct, kw_only=True):
    code: Annotated[str, Meta(min_length=6, max_length=20)]
    version: Annotated[str, Meta(max_length=20)] = ""


class Paired(msgspec.Struct):
    """`token` goes into the header `Authorization: Agent …`; it is shown this once."""

    token: str
    name: str


class SourceInput(msgspec.Struct, kw_only=True):
    kind: Literal["agent", "webhook", "sipgate"]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    area_code: Annotated[str, Meta(pattern=r"^(0\d{2,4})?$")] = ""
    outside: Annotated[str, Meta(pattern=r"^\d{0,2}$")] = ""


class WorkplaceInput(msgspec.Struct, kw_only=True):
    """Who works at an agent's workstation, and whether their key pulled out signs them out."""

    user_id: UUID | None = None
    locks: bool = False


class LineInput(msgspec.Struct, kw_only=True):
    user_id: UUID
    line: Annotated[str, Meta(max_length=40)] = ""


class AreaInput(msgspec.Struct, kw_only=True):
    line: Annotated[str, Meta(min_length=1, max_length=40)]
    area_code: Annotated[str, Meta(pattern=r"^0\d{2,4}$")]


class BlockInput(msgspec.Struct, kw_only=True):
    """Of which number how many last digits vary."""

    point_id: UUID
    digits: Literal[2, 3, 4] = 2


class PersonLogInput(msgspec.Struct, kw_only=True):
    """Whose calls, of which day, which way."""

    who: UUID | None = None
    day: date | None = None
    way: Literal["", "in", "out", "missed"] = ""


class SimulatedInput(msgspec.Struct, kw_only=True):
    number: Annotated[str, Meta(max_length=60)]
    user_id: UUID


class NewCallerInput(msgspec.Struct, kw_only=True):
    """A customer made of an unknown caller."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    kind: Literal["person", "organisation"] = "organisation"
    contact_name: Annotated[str, Meta(max_length=60)] = ""
