"""Filling a text: the same way for the preview and for what is sent. What cannot be filled stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from baton_plugins.sms import segments

from platform_core.api import PLACE_IN_TEXT, Invalid, places_of_text, translator
from platform_core.api.messages import Rules

_ = translator("sms")
PLACES = {
    "customer": _.lazy("The customer's name"),
    "contact": _.lazy("Name of the contact whose number it is"),
    "sender": _.lazy("Your name"),
}
"""Nothing that the sender may not see: each is on the page they send from."""

Signatures = Mapping[bool, str]
"""What stands in brackets before a text to a number of the mainland, and to others; "" for nothing"""
_UNSIGNED: Signatures = {True: "", False: ""}


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    variables: Mapping[str, str]
    """Those that the text uses, in its order"""
    parts: int
    length: int
    """Both with the signature that the account puts before the text"""


class Wording:
    """A text that is filled again and again: what does not depend on the recipient is looked at once.

    Raises Invalid at the field `text` for places that nothing fills.
    """

    def __init__(self, body: str, rules: Rules, *, is_marketing: bool, signatures: Signatures = _UNSIGNED) -> None:
        self.used = places_of_text(body, PLACES)
        self._pieces = PLACE_IN_TEXT.split(body)
        self._rules = rules
        self._before = {mainland: f"\u3010{name}\u3011" if name else "" for mainland, name in signatures.items()}
        self._forbidden = frozenset(rules.forbidden)
        self._is_marketing = is_marketing
        if is_marketing and self.used and not rules.marketing_variables:
            message = _("The provider takes no places to fill in a text for marketing.")
            raise Invalid(message, fields={"text": message})

    def fill(self, values: Mapping[str, str], *, mainland: bool = True) -> Rendered:
        """The text as its reader gets it. Raises Invalid at the field `text`."""
        empty = [str(PLACES[name]) for name in self.used if not values.get(name)]
        if empty:
            message = _("Nothing to put in: %(names)s.", names=", ".join(empty))
            raise Invalid(message, fields={"text": message})
        text = self._text(values)
        told = self._refused(text, self._before[mainland])
        if told:
            raise Invalid(told, fields={"text": told})
        return self._rendered(text, values, mainland=mainland)

    def attempt(self, values: Mapping[str, str], *, mainland: bool = True) -> Rendered | str:
        """As `fill`; where that raises, `empty` (nothing to put in) or `text` (the provider refuses)."""
        for name in self.used:
            if not values[name]:
                return "empty"
        text = self._text(values)
        return (
            "text" if self._refused(text, self._before[mainland]) else self._rendered(text, values, mainland=mainland)
        )

    def _text(self, values: Mapping[str, str]) -> str:
        # The pieces between the places and the places' names, in turn.
        return "".join([values[piece] if at % 2 else piece for at, piece in enumerate(self._pieces)]).strip()

    def _rendered(self, text: str, values: Mapping[str, str], *, mainland: bool) -> Rendered:
        found = {name: values[name] for name in self.used}
        sent = self._before[mainland] + text
        return Rendered(text, found, segments.parts(sent, mainland=mainland), segments.units(sent))

    def _refused(self, text: str, before: str) -> str:
        """What the provider would say to it, or ""."""
        if not text:
            return _("Please fill this in.")
        if len(before) + len(text) > self._rules.longest:
            return _(
                "At most %(limit)s characters; the signature takes %(number)s of %(all)s.",
                limit=self._rules.longest - len(before), number=len(before), all=self._rules.longest,
            ) if before else _("At most %(limit)s characters.", limit=self._rules.longest)  # fmt: skip
        if not self._forbidden.isdisjoint(text):
            return _("The provider refuses %(chars)s.", chars=" ".join(sorted(self._forbidden.intersection(text))))
        ending = self._rules.marketing_ends_with
        if ending and self._is_marketing and not text.endswith(ending):
            return _("A text for marketing has to end with: %(ending)s", ending=ending)
        if ending and not self._is_marketing and ending in text:
            return _("Only a text for marketing may say: %(ending)s", ending=ending)
        return ""


Codes = Mapping[str, tuple[str, Mapping[str, str]]]
"""Driver -> its provider's code, and our place -> the provider's name of it where that is another"""


def handed(codes: Codes, rendered: Rendered) -> dict[str, tuple[str, dict[str, str]]]:
    """As the outbox takes them: driver -> code, and the provider's names with their values in the text's order."""
    return {
        driver: (code, {names.get(place, place): value for place, value in rendered.variables.items()})
        for driver, (code, names) in codes.items()
    }
