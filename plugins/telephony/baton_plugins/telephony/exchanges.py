"""What telephone exchanges post to us, as events: the generic CTI interface (as spoken to Zammad) and sipgate.io.

Sources: docs.zammad.org/en/latest/api/generic-cti, developer.sipgate.io/push-api/api-reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, Literal
from xml.sax.saxutils import quoteattr

from baton_plugins.telephony.forms import LONGEST_NAME, CallEvent

from platform_core.api import FormData, Invalid, translator

_ = translator("telephony")
_KINDS: Final[Mapping[str, Literal["ringing", "answered", "ended"]]] = {
    "newCall": "ringing",
    "answer": "answered",
    "hangup": "ended",
}
_FIELDS = (
    "event",
    "callId",
    "direction",
    "from",
    "to",
    "user",
    "userId",
    "answeringNumber",
    "cause",
    "queue",
    "recording",
)
Values = Mapping[str, Sequence[str]]
"""Field -> its values, in order; `user[]` stands under `user`."""


def event_of(values: Values) -> CallEvent | None:
    """None for news that say nothing of the call's state, such as keys that were pressed. Raises Invalid."""
    word, call = _first(values, "event"), _first(values, "callId")
    if not word or not call:
        raise Invalid(_("An event needs `event` and `callId`."))
    kind = _KINDS.get(word)
    if kind is None:
        return None
    outgoing = _first(values, "direction") == "out"
    here, there = ("from", "to") if outgoing else ("to", "from")
    users = [*values.get("user", ()), *values.get("userId", ())]
    by = _first(values, "answeringNumber") if kind == "answered" else ""
    # Exchanges send an event again when our answer stays out: the same words are the same event.
    recording = _first(values, "recording")
    said = "|".join((word, call, by, _first(values, "cause"), *users, *([recording] if recording else [])))
    return CallEvent(
        id=hashlib.sha256(said.encode()).hexdigest(),
        kind=kind,
        call=call[:250],
        direction="out" if outgoing else "in",
        number=_first(values, there)[:120],
        line=_first(values, here)[:40],
        to=[user[:40] for user in users[:100]],
        by=(by or (users[0] if kind == "answered" and len(users) == 1 else ""))[:40],
        cause=_first(values, "cause")[:40],
        device=_first(values, "queue")[:80],
        recording=recording if len(recording) <= LONGEST_NAME else "",
    )


def sipgate_answer(url: str) -> str:
    """sipgate.io tells of answers and ends only where the answer to a new call asks for it."""
    where = quoteattr(url)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Response onAnswer={where} onHangup={where}/>'


def _first(values: Values, name: str) -> str:
    return next(iter(values.get(name, ())), "").strip()


def from_form(form: FormData) -> dict[str, list[str]]:
    """`user[]=Li&user[]=Wang` and `user=Li` alike."""
    return {name: [*form.getlist(name), *form.getlist(f"{name}[]")] for name in _FIELDS}


def from_json(data: object) -> dict[str, list[str]]:
    """Raises Invalid when it is no object."""
    if not isinstance(data, dict):
        raise Invalid(_("An event needs `event` and `callId`."))
    return {
        str(name).removesuffix("[]"): [str(one) for one in (value if isinstance(value, list) else [value])]
        for name, value in data.items()
        if value is not None
    }
