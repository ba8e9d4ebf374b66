"""The name over every page: who looked at this screen, and when, on any photograph of it.

A deterrent, not a lock: whoever changes the page in their browser takes it away, and is counted all the same.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from urllib.parse import quote

from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.web import formats

_TAIL = 4
_TILE = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='100%' height='100%'>"
    "<pattern id='t' width='320' height='200' patternUnits='userSpaceOnUse' patternTransform='rotate(-22)'>"
    "<g font-family='sans-serif' font-size='14' fill='#808080' fill-opacity='.2'>"
    "<text y='60'>{who}</text><text y='80'>{when}</text></g></pattern>"
    "<rect width='100%' height='100%' fill='url(#t)'/></svg>"
)


def image(actor: Actor) -> str:
    """The address of an image that holds itself: no request, no style, nothing the content policy would have to allow.

    Name and employee number of who is really there, minute, and the end of the session's number in the audit trail.
    """
    person = actor.real
    who = f"{person.name} {person.employee_no}".strip()
    tail = person.session_id.hex[-_TAIL:] if person.session_id else ""
    return _drawn(who, f"{formats.exact(now())} {tail}".strip())


@lru_cache(maxsize=512)
def _drawn(who: str, when: str) -> str:
    """Kept, since within a minute it is the same on each page of a person."""
    svg = _TILE.format(who=escape(who), when=when)
    return "data:image/svg+xml," + quote(svg, safe=" =:/.,()'-")
