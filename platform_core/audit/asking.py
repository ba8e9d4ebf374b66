"""What the address of the audit page narrows it to: by day and hour, person, act, object, result, device, sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

import msgspec

from platform_core.audit import queries, texts
from platform_core.audit.queries import AuditQuery
from platform_core.web.lists.private import is_private

_FILTERS = (
    "since", "until", "from", "to", "who", "actor", "what", "thing", "customer", "listed", "result", "ip", "via",
    "session",
)  # fmt: skip
_WORDS = ("who", "what", "thing", "customer")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address narrows the page to, as text for the form and as a query."""

    filters: dict[str, str]
    query: AuditQuery
    shortened: bool
    """Words are searched for in fewer days than were asked for."""
    withheld: bool
    """A number or address of somebody was typed; such words must not lie in addresses and logs."""

    @property
    def links(self) -> dict[str, str]:
        """For links that keep what is asked."""
        return {name: value for name, value in self.filters.items() if value}

    @property
    def noted(self) -> dict[str, str]:
        return {name: value for name, value in self.links.items() if name not in {"since", "until"}} | {
            "since": str(self.query.since),
            "until": str(self.query.until),
        }


def read(given: Mapping[str, str], words: texts.Words) -> Asked:
    """Filters that cannot be read are left out; without days, the last seven."""
    asked = {name: given.get(name, "").strip()[:200] for name in _FILTERS}
    withheld = [name for name in _WORDS if convert(asked[name], UUID) is None and is_private(asked[name])]
    asked |= dict.fromkeys(withheld, "")
    recent = AuditQuery.recent()
    since = convert(asked["since"], date) or recent.since
    begins, ends = clock_time(asked["from"]), clock_time(asked["to"])
    wanted = AuditQuery(
        since=since,
        until=max(convert(asked["until"], date) or recent.until, since),
        begins=begins,
        ends=ends,
        who=asked["who"],
        actor_id=convert(asked["actor"], UUID),
        what=asked["what"],
        is_whole=asked["what"] in dict(words.actions()),
        called=words.called(asked["what"]),
        thing=asked["thing"],
        customer_id=convert(asked["customer"], UUID),
        customer="" if convert(asked["customer"], UUID) else asked["customer"],
        listed_id=convert(asked["listed"], UUID),
        result=asked["result"] if asked["result"] in queries.RESULTS else "",
        ip=asked["ip"],
        via=asked["via"] if asked["via"] in texts.VIAS else "",
        session_id=convert(asked["session"], UUID),
        cursor=given.get("before", ""),
    )
    query = wanted.bounded()
    hours = {"from": f"{begins:%H:%M}" if begins else "", "to": f"{ends:%H:%M}" if ends else ""}
    filters = {**asked, **hours, "since": str(query.since), "until": str(query.until)}
    return Asked(filters, query, query.since != wanted.since, bool(withheld))


def clock_time(text: str) -> time | None:
    """Hour and minute, as the form sends them."""
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None) if text else None
    except ValueError:
        return None


def convert(text: str, wanted: Any) -> Any:
    """The value, or None where the text is empty or cannot be read."""
    try:
        return msgspec.convert(text, wanted) if text else None
    except msgspec.ValidationError:
        return None
