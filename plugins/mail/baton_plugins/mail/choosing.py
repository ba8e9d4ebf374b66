"""Which mails somebody wants: kept with their account as what they do not want, so that new kinds reach them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

from platform_core.api import CHOICES, Actor, Session, service_of, translator
from platform_core.api.messages import MailKind

_ = translator("mail")
PATH = "/mail/mine"
KINDS: tuple[MailKind, ...] = get_args(MailKind)
WORDS = {
    "reminder": _.lazy("Reminders of plans and meetings"),
    "digest": _.lazy("The overview of the day in the morning"),
    "invitation": _.lazy("Invitations to meetings, for one's own calendar"),
}
_KEY = "mail.unwanted"


def unwanted(preferences: Mapping[str, Any]) -> set[str]:
    return set(preferences.get(_KEY, ()))


def wanted(session: Session, actor: Actor) -> list[MailKind]:
    refused = service_of(session, CHOICES).read(session, actor, _KEY, default=())
    return [kind for kind in KINDS if kind not in refused]


def choose(session: Session, actor: Actor, kinds: Collection[str]) -> None:
    refused = [kind for kind in KINDS if kind not in kinds]
    service_of(session, CHOICES).write(session, actor, _KEY, refused or None)
