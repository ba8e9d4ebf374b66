"""Filling a text: the same way for the preview and for what is sent. What cannot be filled stops it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from baton_plugins.sms import segments

from platform_core.api import Actor, Customer, Invalid, Rules, translator

_ = translator("sms")
_PLACE = re.compile(r"\{([^{}]*)\}")
PLACES = {
    "customer": _.lazy("The customer's name"),
    "contact": _.lazy("Name of the contact whose number it is"),
    "sender": _.lazy("Your name"),
}
"""Nothing that the sender may not see: each is on the page they send from."""


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    variables: Mapping[str, str]
    """Those that the text uses, in its order"""
    parts: int
    length: int


def places_of(body: str) -> list[str]:
    """In order, each once. Raises Invalid for one that nothing fills, and for a brace without its other half."""
    found = list(dict.fromkeys(_PLACE.findall(body)))
    unknown = [name for name in found if name not in PLACES]
    if unknown or "{" in _PLACE.sub("", body) or "}" in _PLACE.sub("", body):
        message = _("Nothing fills {%(name)s}.", name=", ".join(unknown))
        raise Invalid(message, fields={"text": message})
    return found


def values_of(actor: Actor, customer: Customer, contact: str) -> dict[str, str]:
    return {"customer": customer.name, "contact": contact or customer.contact_name, "sender": actor.name}


def render(
    body: str, values: Mapping[str, str], rules: Rules, *, is_marketing: bool, mainland: bool = True
) -> Rendered:
    """The text as its reader gets it. Raises Invalid at the field `text`."""
    used = places_of(body)
    empty = [str(PLACES[name]) for name in used if not values.get(name)]
    if empty:
        message = _("Nothing to put in: %(names)s.", names=", ".join(empty))
        raise Invalid(message, fields={"text": message})
    text = _PLACE.sub(lambda place: values[place.group(1)], body).strip()
    told = _refused(text, rules, is_marketing=is_marketing)
    if told:
        raise Invalid(told, fields={"text": told})
    found = {name: values[name] for name in used}
    return Rendered(text, found, segments.parts(text, mainland=mainland), segments.units(text))


def _refused(text: str, rules: Rules, *, is_marketing: bool) -> str:
    """What the provider would say to it, or ""."""
    if not text:
        return _("Please fill this in.")
    if len(text) > rules.longest:
        return _("At most %(limit)s characters.", limit=rules.longest)
    bad = sorted({char for char in text if char in rules.forbidden})
    if bad:
        return _("The provider refuses %(chars)s.", chars=" ".join(bad))
    ending = rules.marketing_ends_with
    if ending and is_marketing and not text.endswith(ending):
        return _("A text for marketing has to end with: %(ending)s", ending=ending)
    if ending and not is_marketing and ending in text:
        return _("Only a text for marketing may say: %(ending)s", ending=ending)
    return ""
