"""Places in a text about a customer that are filled when it is used, such as `{customer}`."""

from __future__ import annotations

import re
from collections.abc import Container

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("customers")
PLACE = re.compile(r"\{([^{}]*)\}")


def places_of(text: str, known: Container[str]) -> list[str]:
    """In order, each once.

    Raises Invalid at the field `text` for one that is not known, and for a brace without its other half.
    """
    found = list(dict.fromkeys(PLACE.findall(text)))
    unknown = [name for name in found if name not in known]
    message = _("Nothing fills {%(name)s}.", name=", ".join(unknown)) if unknown else ""
    if not message and not {"{", "}"}.isdisjoint(PLACE.sub("", text)):
        message = _("A brace stands without its other half. Places to fill in are written as {customer}.")
    if message:
        raise Invalid(message, fields={"text": message})
    return found


def values_of(actor: Actor, who: Customer | Contact, contact: str) -> dict[str, str]:
    """`contact`: the name of who is meant; empty: the customer's first one."""
    if isinstance(who, Contact):
        return values(actor.name, who.name, "person", who.name)
    return values(actor.name, who.name, who.kind, contact or who.contact_name)


def values(sender: str, name: str, kind: str, contact: str) -> dict[str, str]:
    """A person without contacts is their own contact."""
    return {"customer": name, "contact": contact or (name if kind == "person" else ""), "sender": sender}
