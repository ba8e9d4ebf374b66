"""Places in a phrase: what fills them, and how a text about one customer becomes a phrase about none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from platform_core.api import Actor, Customer, Invalid, translator

_ = translator("activities")
_PLACE = re.compile(r"\{([^{}]*)\}")
PLACES = {
    "customer": _.lazy("The customer's name"),
    "contact": _.lazy("Name of the contact that is chosen, else of the first one"),
    "sender": _.lazy("Your name"),
}
"""The same as in text messages."""
_SHORTEST = 2
"""Characters of a name that is recognised in a text"""


def require_known(text: str) -> None:
    """Raises Invalid for a place that nothing fills, and for a brace without its other half."""
    unknown = [name for name in _PLACE.findall(text) if name not in PLACES]
    rest = _PLACE.sub("", text)
    if unknown or "{" in rest or "}" in rest:
        message = _("Nothing fills {%(name)s}.", name=", ".join(unknown))
        raise Invalid(message, fields={"text": message})


def values(actor: Actor, customer: Customer, contact: str) -> dict[str, str]:
    """Of a customer that the actor sees. A person without contacts is their own contact."""
    first = customer.contact_name or (customer.name if customer.kind == "person" else "")
    return {"customer": customer.name, "contact": contact or first, "sender": actor.name}


def filled(text: str, known: Mapping[str, str]) -> str:
    """What is not known stays a place, so that whoever writes sees it."""
    return _PLACE.sub(lambda place: known.get(place[1]) or place[0], text)


def emptied(text: str, known: Mapping[str, str]) -> str:
    """The way back: a phrase is for others, and must not tell them this customer's name."""
    for name in sorted(known, key=lambda name: len(known[name]), reverse=True):
        if len(known[name]) >= _SHORTEST:
            text = text.replace(known[name], f"{{{name}}}")
    return text
