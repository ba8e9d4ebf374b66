"""Places in a phrase: what fills them, and how a text about one customer becomes a phrase about none."""

from __future__ import annotations

from collections.abc import Mapping

from platform_core.api import PLACE_IN_TEXT, translator

_ = translator("activities")
PLACES = {
    "customer": _.lazy("The customer's name"),
    "contact": _.lazy("Name of the contact that is chosen, else of the first one"),
    "sender": _.lazy("Your name"),
}
"""The same as in text messages."""
_SHORTEST = 2
"""Characters of a name that is recognised in a text"""


def filled(text: str, known: Mapping[str, str]) -> str:
    """What is not known stays a place, so that whoever writes sees it."""
    return PLACE_IN_TEXT.sub(lambda place: known.get(place[1]) or place[0], text)


def emptied(text: str, known: Mapping[str, str]) -> str:
    """The way back: a phrase is for others, and must not tell them this customer's name."""
    for name in sorted(known, key=lambda name: len(known[name]), reverse=True):
        if len(known[name]) >= _SHORTEST:
            text = text.replace(known[name], f"{{{name}}}")
    return text
