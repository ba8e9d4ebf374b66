"""The receipt of a transfer as a source: its customers, as far as whoever takes it along sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.customers.transfer import drafts, queries, rules
from platform_core.customers.transfer.models import Transfer
from platform_core.exports.sources import Choice, Source, Table
from platform_core.kernel.database import database_of
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.users import labels
from platform_core.web import formats

_ = translator("exports")
_TITLES = {
    "code": _.lazy("Code"),
    "name": _.lazy("Customer"),
    "from": _.lazy("From"),
    "to": _.lazy("To"),
    "state": _.lazy("State"),
    "why": _.lazy("Why"),
}
_STATES = {
    "pending": _.lazy("waits"),
    "moved": _.lazy("given"),
    "refused": _.lazy("stays"),
    "undone": _.lazy("given back"),
    "kept": _.lazy("not given back"),
}


@dataclass(frozen=True, slots=True)
class TransferSource:
    transfer: Transfer

    @property
    def key(self) -> str:
        return f"transfer:{self.transfer.id}"

    @property
    def title(self) -> str:
        return _("Receipt of a transfer")

    @property
    def url(self) -> str:
        return self.transfer.url

    @property
    def most(self) -> int:
        return drafts.MOST

    def allowed(self, actor: Actor) -> bool:
        """Those who transfer themselves; who sees this one at all has been decided by reading it."""
        return self.transfer.state != "draft" and bool(rules.parties(actor))

    def query(self, session: Session, actor: Actor, query: str) -> str:
        return ""

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        moment = self.transfer.confirmed_at
        when = formats.exact(moment) if moment else ""
        return [
            _("By %(name)s, %(when)s", name=self.transfer.by_label, when=when),
            _("Reason: %(reason)s", reason=self.transfer.reason),
        ]

    def columns(self, session: Session, actor: Actor) -> list[Choice]:
        return [Choice(key, str(label), chosen=True) for key, label in _TITLES.items()]

    def count(self, session: Session, actor: Actor, query: str) -> int:
        return len(queries.lines(session, self.transfer, limit=drafts.MOST)[0])

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table:
        lines, more = queries.lines(session, self.transfer, limit=most)
        names = labels.labels(session, [line.to_id for line in lines])
        rows: list[Sequence[Any]] = []
        for line in lines:
            cells = {
                "code": line.code, "name": line.name, "from": names.person(line.from_id) or "\u2014",
                "to": names.person(line.to_id) or "\u2014", "state": str(_STATES[line.state]),
                "why": str(rules.WORDS[line.why]) if line.why else "",
            }  # fmt: skip
            rows.append([cells[key] for key in _TITLES if key in columns])
        titles = [str(label) for key, label in _TITLES.items() if key in columns]
        return Table(titles, rows, list(dict.fromkeys(line.customer_id for line in lines)), bool(more))

    def beyond(self, session: Session, actor: Actor, query: str, approver: Actor) -> bool:
        """Customer by customer."""
        lines, _more = queries.lines(session, self.transfer, limit=drafts.MOST)
        ids = {line.customer_id for line in lines}
        with database_of(session).actor_session(approver, write=False) as theirs:
            return theirs.scalar(select(func.count(Customer.id)).where(among(Customer.id, ids))) != len(ids)


def find(session: Session, key: str) -> Source | None:
    try:
        transfer_id = UUID(key)
    except ValueError:
        return None
    found = session.scalars(select(Transfer).where(Transfer.id == transfer_id)).one_or_none()
    return TransferSource(found) if found else None
