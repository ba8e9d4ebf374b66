"""Lists as sources: the page's conditions and order, with columns of one's own choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Contact, Customer
from platform_core.customers.queries import restricted
from platform_core.exports.sources import Choice, Part, Source, Table
from platform_core.kernel.database import database_of
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.users import lists, preferences, probing
from platform_core.web.lists import conditions, dialogs
from platform_core.web.lists.declaration import Column, ListView
from platform_core.web.lists.reading import Reader
from platform_core.web.lists.state import ListState

_ = translator("exports")
MOST = 1_000_000
_COMPARED = 10_000
"""Rows up to which each is looked at for an approver who does not see everything."""
_SLICE = 200
_PART = 1_000


@dataclass(frozen=True, slots=True)
class ListSource:
    view: ListView

    @property
    def key(self) -> str:
        return f"list:{self.view.key}"

    @property
    def title(self) -> str:
        return str(self.view.title)

    @property
    def url(self) -> str:
        return self.view.path

    @property
    def most(self) -> int:
        return MOST

    def allowed(self, actor: Actor) -> bool:
        return actor.can(self.view.permission) and actor.can(self.view.export)

    def query(self, session: Session, actor: Actor, query: str) -> str:
        return urlencode(self._state(session, actor, query).pairs())

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        """Words of the search are private where they may not be read in an address."""
        state = self._state(session, actor, query)
        found: list[str] = []
        for number, group in enumerate(state.groups):
            if number:
                found.append(_("and of these:") if state.any_of else _("or:"))
            elif state.any_of and len(state.conditions) > 1:
                found.append(_("any one of these:"))
            for item in group:
                declared = state.view.by_key["filters"][item.filter]
                operator, value = conditions.describe(session, actor, declared, item)
                found.append(f"{declared.label} {operator} {value}".strip())
        if state.words:
            found.append(_("found by %(words)s", words="***" if state.sealed else state.words))
        return found

    def columns(self, session: Session, actor: Actor) -> list[Choice]:
        wanted = set(preferences.read(session, actor, f"columns.{self.view.key}", ()))
        return [
            Choice(item.key, str(item.label), item.fixed or (item.key in wanted if wanted else item.shown))
            for item in self._columns(session)
        ]

    def count(self, session: Session, actor: Actor, query: str) -> int:
        state = self._state(session, actor, query)
        probing.check(session, actor, state.words)
        found = Reader(session, actor, state).count(MOST)
        if probing.result(state.words, found=bool(found.number)) != "ok":
            audit.record(session, actor, f"{self.view.prefix}.list", result="failed")
        return found.number + found.more

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table:
        shown = [item for item in self._columns(session) if item.fixed or item.key in columns]
        rows, cut = self._rows(session, actor, query, most)
        return self._table(session, actor, shown, rows, cut=cut)

    def read_these(self, session: Session, actor: Actor, ids: Sequence[UUID], columns: Sequence[str]) -> Table:
        """Rows by their keys and in their order; only those that the actor sees."""
        view = self.view.present(session)
        shown = [item for item in self._columns(session) if item.fixed or item.key in columns]
        found: dict[UUID, Any] = {}
        for start in range(0, len(ids), _SLICE):
            statement = select(*view.selected()).where(among(view.model.id, ids[start : start + _SLICE]))
            found.update({row.id: row for row in session.execute(statement)})
        rows = self._unrestricted(session, [found[key] for key in ids if key in found])
        return self._table(session, actor, shown, rows)

    def _table(
        self, session: Session, actor: Actor, shown: Sequence[Column], rows: Sequence[Any], *, cut: bool = False
    ) -> Table:
        lines = self._lines(session, actor, shown, rows)
        return Table([str(column.label) for column in shown], lines, self._customers(rows), cut)

    def titles(self, session: Session, columns: Sequence[str]) -> list[str]:
        return [str(item.label) for item in self._columns(session) if item.fixed or item.key in columns]

    def part(self, session: Session, actor: Actor, query: str, columns: Sequence[str], after: str) -> Part:
        shown = [item for item in self._columns(session) if item.fixed or item.key in columns]
        found = Reader(session, actor, self._state(session, actor, query).turned_to(after=after)).page(_PART)
        rows = self._unrestricted(session, found.rows)
        return Part(self._lines(session, actor, shown, rows), self._customers(rows), found.after)

    def _lines(self, session: Session, actor: Actor, shown: Sequence[Column], rows: Sequence[Any]) -> list[list[Any]]:
        look = self.view.prepare(session, actor, rows) if self.view.prepare else {}
        return [[column.exported(row, look) for column in shown] for row in rows]

    def beyond(self, session: Session, actor: Actor, query: str, approver: Actor) -> bool:
        """Row by row, where the approver does not see everything; of very many rows only who sees everything."""
        if approver.scope(self.view.permission) == Scope.ALL:
            return False
        rows, cut = self._rows(session, actor, query, _COMPARED)
        if cut:
            return True
        key = self.view.model.id
        with database_of(session).actor_session(approver, write=False) as theirs:
            for start in range(0, len(rows), _SLICE):
                ids = [row.id for row in rows[start : start + _SLICE]]
                if theirs.scalar(select(func.count()).select_from(self.view.model).where(key.in_(ids))) != len(ids):
                    return True
        return False

    def _state(self, session: Session, actor: Actor, query: str) -> ListState:
        return dialogs.from_query(session, actor, self.view, query).turned_to().spelled_out()

    def _columns(self, session: Session) -> list[Column]:
        """Those that a file can have: drawings have no value."""
        return [item for item in self.view.present(session).columns if item.fields or item.text]

    def _rows(self, session: Session, actor: Actor, query: str, most: int) -> tuple[list[Any], bool]:
        state = self._state(session, actor, query)
        rows: list[Any] = []
        while True:
            found = Reader(session, actor, state).page(min(_SLICE, most - len(rows)))
            rows += self._unrestricted(session, found.rows)
            if not found.after or len(rows) >= most:
                return rows, bool(found.after)
            state = state.turned_to(after=found.after)

    def _unrestricted(self, session: Session, rows: Sequence[Any]) -> list[Any]:
        """Restricted records do not leave the house; rows about nobody do."""
        kept = restricted(session, Customer, {key for row in rows if (key := self._customer_of(row)) is not None})
        alone = {row.id for row in rows if self._customer_of(row) is None} if self.view.model is Contact else set()
        kept |= restricted(session, Contact, alone)
        return [row for row in rows if (self._customer_of(row) or row.id) not in kept]

    def _customer_of(self, row: Any) -> UUID | None:
        found: UUID | None = getattr(row, self._customer_column, None)
        return found

    @property
    def _customer_column(self) -> str:
        return "id" if self.view.model.__tablename__ == "customers_customer" else "customer_id"

    def _customers(self, rows: Sequence[Any]) -> list[UUID]:
        return list(dict.fromkeys(key for row in rows if (key := self._customer_of(row)) is not None))


def find(session: Session, key: str) -> Source | None:
    view = lists.exportable(key)
    return ListSource(view) if view else None
