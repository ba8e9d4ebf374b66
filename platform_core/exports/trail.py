"""The audit trail on paper: its lines, and whom somebody has seen, by the conditions of those pages.

Nobody needs a second person for it who may export the trail: its lines hold no numbers, and it is what one controls
with. They are not customers taken along either, so they count towards no cap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import asking, exporting, queries, seen, texts
from platform_core.audit.asking import Asked
from platform_core.audit.routes import EXPORT, READ
from platform_core.audit.seen_routes import query_from
from platform_core.contracts.identity import Actor
from platform_core.exports.sources import Choice, Source, Table
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.plugins.asking import hooks_of

_ = translator("exports")
_MOST = 500
"""As much as paper takes; the pages' own exports take more."""
_WORDS = {
    "since": _.lazy("From"), "from": _.lazy("From what time"), "until": _.lazy("Until"),
    "to": _.lazy("Until what time"),
    "who": _.lazy("Who"), "actor": _.lazy("Person"), "what": _.lazy("Action"), "thing": _.lazy("About"),
    "customer": _.lazy("Customer"), "listed": _.lazy("Shown in a list"), "result": _.lazy("Result"),
    "ip": _.lazy("Address of the device"), "via": _.lazy("By way of"), "session": _.lazy("Sign-in"),
}  # fmt: skip


class _Trail:
    """What both have in common."""

    @property
    def most(self) -> int:
        return _MOST

    def allowed(self, actor: Actor) -> bool:
        return actor.can(READ) and actor.can(EXPORT)

    def beyond(self, session: Session, actor: Actor, query: str, approver: Actor) -> bool:
        return not approver.can(READ)


@dataclass(frozen=True, slots=True)
class LinesSource(_Trail):
    """Lines of the audit trail."""

    key: str = "audit:lines"
    url: str = "/audit"

    @property
    def title(self) -> str:
        return _("Audit trail")

    def query(self, session: Session, actor: Actor, query: str) -> str:
        return urlencode(self._asked(session, query).links)

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        asked, words = self._asked(session, query), self._words(session)
        said = {
            "actor": queries.name_of(session, asked.query.actor_id) if asked.query.actor_id else "",
            "customer": queries.label_of(session, asked.query.customer_id) if asked.query.customer_id else "",
            "what": words.action(asked.query.what), "via": str(texts.VIAS.get(asked.query.via, "")),
            "result": str(texts.RESULTS[asked.query.result][0]) if asked.query.result else "",
        }  # fmt: skip
        return [f"{_WORDS[name]}: {said.get(name) or value}" for name, value in asked.links.items()]

    def columns(self, session: Session, actor: Actor) -> list[Choice]:
        return [Choice(str(number), title, chosen=True) for number, title in enumerate(exporting.titles())]

    def count(self, session: Session, actor: Actor, query: str) -> int:
        some = queries.statement(session, self._asked(session, query).query, _MOST + 1).subquery()
        return session.scalar(select(func.count()).select_from(some)) or 0

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table:
        words = self._words(session)
        found = exporting.rows(session, self._asked(session, query).query, words, most=most + 1)
        lines = [[cell for number, cell in enumerate(line) if str(number) in columns] for line in found]
        titles = [title for number, title in enumerate(exporting.titles()) if str(number) in columns]
        return Table(titles, lines[:most], (), cut=len(lines) > most)

    def _words(self, session: Session) -> texts.Words:
        return texts.Words(session, texts.everybodys(hooks_of(session).manager))

    def _asked(self, session: Session, query: str) -> Asked:
        return asking.read(dict(parse_qsl(query)), self._words(session))


@dataclass(frozen=True, slots=True)
class SeenSource(_Trail):
    """Which customers somebody has seen."""

    key: str = "audit:seen"
    url: str = "/audit/seen"

    @property
    def title(self) -> str:
        return _("Who was seen")

    def query(self, session: Session, actor: Actor, query: str) -> str:
        asked = self._asked(query)
        return urlencode({"actor": str(asked.actor_id), "since": str(asked.since), "until": str(asked.until)})

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        asked = self._asked(query)
        return [queries.name_of(session, asked.actor_id), f"{asked.since} \u2013 {asked.until}"]

    def columns(self, session: Session, actor: Actor) -> list[Choice]:
        titles = (_("Customer"), _("Opened"), _("Numbers revealed"), _("Shown in lists"), _("Last time"))
        return [Choice(str(number), title, chosen=True) for number, title in enumerate(titles)]

    def count(self, session: Session, actor: Actor, query: str) -> int:
        return seen.totals(session, self._asked(query)).customers

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table:
        found, more = seen.customers(session, self._asked(query), limit=most)
        choices = self.columns(session, actor)
        rows: list[list[Any]] = [
            [cell for choice, cell in zip(choices, cells, strict=True) if choice.key in columns]
            for cells in ((row.name, row.opened, row.revealed, row.listed, row.last) for row in found)
        ]
        return Table([choice.label for choice in choices if choice.key in columns], rows, (), bool(more))

    def _asked(self, query: str) -> seen.SeenQuery:
        found = query_from(dict(parse_qsl(query)))
        if found is None:
            raise Invalid(_("Choose a person first."))
        return found


_SOURCES: dict[str, Source] = {"lines": LinesSource(), "seen": SeenSource()}


def find(session: Session, key: str) -> Source | None:
    return _SOURCES.get(key)
