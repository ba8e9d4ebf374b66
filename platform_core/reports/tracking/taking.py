"""Everything that happened as something to print, or to ask for as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.customers.queries import restricted
from platform_core.exports.sources import Choice, Source, Table
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import BatonError, Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.plugins.registry import Owned
from platform_core.reports.taking import EXPORT
from platform_core.reports.tracking import asking, reading
from platform_core.reports.tracking.reading import Line
from platform_core.reports.tracking.routes import PATH, VIEW

_ = translator("reports")
NAME = "everything"
IN_FILE = 50_000
_SLICE = 500
T = TypeVar("T")
_COLUMNS = {
    "at": _.lazy("When"),
    "kind": _.lazy("Kind"),
    "customer": _.lazy("Customer"),
    "contact": _.lazy("Contact"),
    "title": _.lazy("What"),
    "text": _.lazy("Text"),
    "who": _.lazy("Person"),
    "status": _.lazy("Status"),
}


@dataclass(frozen=True, slots=True)
class TrackingSource:
    key: str = f"tracking:{NAME}"
    url: str = PATH
    most: int = IN_FILE

    @property
    def title(self) -> str:
        return _("Business tracking")

    def allowed(self, actor: Actor) -> bool:
        return actor.can(EXPORT) and actor.can(VIEW)

    def query(self, session: Session, actor: Actor, query: str) -> str:
        return urlencode(_asked(session, actor, query)[0].pairs)

    def conditions(self, session: Session, actor: Actor, query: str) -> list[str]:
        return asking.in_words(_asked(session, actor, query)[0], session)

    def columns(self, session: Session, actor: Actor) -> list[Choice]:
        return [Choice(key, str(label), chosen=True) for key, label in _COLUMNS.items()]

    def count(self, session: Session, actor: Actor, query: str) -> int:
        return len(_lines(session, actor, query, self.most + 1))

    def read(self, session: Session, actor: Actor, query: str, columns: Sequence[str], most: int) -> Table:
        found = _lines(session, actor, query, most + 1)
        wanted = [key for key in _COLUMNS if key in columns]
        shown = found[:most]
        rows = [[cells[key] for key in wanted] for cells in map(_cells, shown)]
        about = list(dict.fromkeys(line.customer_id for line in shown if line.customer_id is not None))
        return Table([str(_COLUMNS[key]) for key in wanted], rows, about, len(found) > most)

    def beyond(self, session: Session, actor: Actor, query: str, approver: Actor) -> bool:
        """Rows of many classes: only who sees all customers, and may see every kind of row, sees all of them."""
        kinds = {item.value.permission for item in _sources(session, actor)}
        return approver.scope(VIEW) != Scope.ALL or any(approver.scope(right) != Scope.ALL for right in kinds)


def _cells(line: Line) -> dict[str, object]:
    return {
        "at": line.at, "kind": str(line.kind.label), "customer": line.customer.name if line.customer else "",
        "contact": line.what.contact, "title": line.what.title, "text": line.what.text, "who": line.what.who,
        "status": line.what.status,
    }  # fmt: skip


def _sources(session: Session, actor: Actor) -> asking.Sources:
    declared = database_of(session).declared("happenings")
    return asking.allowed([Owned(owner, source) for owner, source in declared], actor)


def _asked(session: Session, actor: Actor, query: str) -> tuple[asking.Reading, asking.Asked]:
    """Raises Invalid."""
    found = asking.read(session, actor, _sources(session, actor), dict(parse_qsl(query)))
    if found.asked is None:
        raise Invalid(next(iter(found.form.errors.values()), _("Please check the marked fields.")))
    return found, found.asked


def _lines(session: Session, actor: Actor, query: str, most: int) -> list[Line]:
    """Without the rows of restricted customers, which do not leave the house. Raises Conflict where a plugin fails."""
    asked = _asked(session, actor, query)[1]
    sources = _sources(session, actor)
    found: list[Line] = []
    after = ""
    while True:
        part = reading.read(session, actor, sources, asked, after=after, size=min(_SLICE, most), run=_told)
        held = restricted(session, Customer, _about(part.lines))
        found += [line for line in part.lines if line.customer_id not in held]
        after = part.after
        if not after or len(found) >= most:
            return found[:most]


def _told(owner: str, name: str, call: Callable[[], T], session: Session, /) -> T | None:
    """A file lacks nothing in silence. Raises Conflict; why is with the plugin's faults."""
    try:
        return call()
    except BatonError:
        raise
    except Exception as error:
        database_of(session).on_fault(owner, name, error)
        raise Conflict(_("This list cannot be made now. An administrator sees why on the plugins page.")) from error


def _about(lines: Sequence[Line]) -> set[UUID]:
    return {line.customer_id for line in lines if line.customer_id is not None}


def find(session: Session, key: str) -> Source | None:
    return TrackingSource() if key == NAME else None
