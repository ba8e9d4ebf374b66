"""Views of the audit page that a reader has saved under a name; nobody else sees them.

Days go along as how many there are up to the day of looking, unless they end before the day of saving.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from platform_core.audit import services
from platform_core.audit.asking import Asked
from platform_core.contracts.choices import CHOICES
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import today
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator

_ = translator("audit")
MOST = 20
LONGEST = 40
_KEY = "audit.views"


@dataclass(frozen=True, slots=True)
class View:
    name: str
    url: str
    current: bool = False


def of_reader(session: Session, actor: Actor, asked: Asked) -> list[View]:
    """By name, as links for today; the one that shows what is asked is current."""
    found = []
    for name, kept in _stored(session, actor).items():
        query = dict(kept)
        days = query.pop("days", "")
        if days.isdecimal():
            query |= {"since": str(today() - timedelta(days=min(int(days), 40_000))), "until": str(today())}
        found.append(View(name, f"/audit?{urlencode(query)}", query == asked.links))
    return sorted(found, key=lambda view: view.name.casefold())


def save(session: Session, actor: Actor, name: str, asked: Asked) -> None:
    """Under a name that is there already it takes that one's place. Raises Invalid, Conflict beyond MOST."""
    name = " ".join(name.split())[:LONGEST]
    if not name:
        raise Invalid(_("Give the view a name."), fields={"name": _("Give the view a name.")})
    views = _stored(session, actor)
    if name not in views and len(views) >= MOST:
        raise Conflict(_("You have %(most)d views already. Remove one first.", most=MOST))
    kept = asked.links
    if asked.query.until == today():
        days = (asked.query.until - asked.query.since).days
        kept = {key: value for key, value in kept.items() if key not in {"since", "until"}} | {"days": str(days)}
    service_of(session, CHOICES).write(session, actor, _KEY, {**views, name: kept})
    services.record(session, actor, "audit.save_view", after={"name": name, **asked.noted})


def remove(session: Session, actor: Actor, name: str) -> None:
    views = _stored(session, actor)
    if views.pop(name, None) is not None:
        service_of(session, CHOICES).write(session, actor, _KEY, views or None)


def _stored(session: Session, actor: Actor) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = service_of(session, CHOICES).read(session, actor, _KEY, {})
    return dict(found)
