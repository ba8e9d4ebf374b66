"""Writing the audit trail. Call it in the acting transaction: no act without its line, no line without its act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, insert, inspect
from sqlalchemy.orm import Session

from platform_core.audit import masking
from platform_core.audit.digests import new_salt
from platform_core.audit.models import AuditEntry
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id

SEEN_AS = "seen_as"
"""In `after`: the name of the person as whom somebody looked."""


Told = Callable[[Session, Actor | None, Mapping[str, Any]], None]
WATCHED = bindparam("watched", type_=Uuid())
_FILLED = (
    "id", "at", "action", "result", "reason", "entity", "entity_id", "entity_label", "customer_id", "ids", "before",
    "after", "actor_id", "actor_label", "session_id", "via", "ip", "request_id", "salt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Watch:
    statement: Any
    told: Told


_watch: list[_Watch] = []
Writer = Callable[[Session, Actor, Mapping[str, Any]], None]
_writer: list[Writer] = []
_SHOWN_BY = {"page", "api"}
"""How somebody acts who sees what is shown; a job shows nobody anything."""


def tally(write: Writer) -> None:
    """Have each line that shows somebody rows be written by `write`, which counts them by the way."""
    _writer[:] = [write]


def line() -> Any:
    """An INSERT of one line by parameters as `named` makes them: other than one in bulk, it may carry more."""
    named: dict[Any, Any] = {column: bindparam(f"new_{column}") for column in _FILLED}
    table: Any = inspect(AuditEntry).local_table  # statements of tables take half the time of those of models
    return insert(table).values(named)


def named(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{column}": value for column, value in values.items()}


_write = line()


def watch(probe: ColumnElement[bool], told: Told) -> None:
    """Call `told` in the acting transaction after each line about a customer for whose id, `WATCHED`, `probe` holds.

    The statement that writes the line answers it: no other is sent.
    """
    _watch[:] = [_Watch(line().returning(probe), told)]


def record(  # noqa: PLR0913  one word for each column a caller may fill
    session: Session,
    actor: Actor | None,
    action: str,
    ref: EntityRef | None = None,
    *,
    customer_id: UUID | None = None,
    ids: Iterable[UUID] = (),
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    result: str = "ok",
    reason: str = "",
    ip: str = "",
    shown: bool = True,
) -> None:
    """Append one line. `before` and `after` hold changed fields only; sensitive values must come in as masks.

    `ids` are rows that a page shows; they count as shown unless they are a customer's, whom opening has counted, or
    `shown` is false: those of an act, or counted elsewhere. Raises Frozen where they would be more than allowed.

    `ip` is for acts before anybody is known, such as a failed sign-in; an actor brings their own. What somebody sees
    while looking as another person is their own line, which names that person.
    """
    if actor is not None and actor.seen_by is not None:
        actor, after = actor.real, {**(after or {}), SEEN_AS: actor.name}
    values: dict[str, Any] = {
        "id": new_id(),
        "at": now(),
        "action": action,
        "result": result,
        "reason": masking.text(reason),
        "entity": f"{ref.owner}/{ref.kind}" if ref else "",
        "entity_id": ref.id if ref else None,
        "entity_label": masking.text(ref.label[:200]) if ref else "",
        "customer_id": customer_id,
        "ids": [item.hex for item in ids],
        "before": masking.values(before or {}),
        "after": masking.values(after or {}),
        "actor_id": actor.user_id if actor else None,
        "actor_label": actor.name if actor else "",
        "session_id": actor.session_id if actor else None,
        "via": actor.via if actor else ("page" if ip else "system"),
        "ip": (actor.ip if actor else "") or ip,
        "request_id": actor.request_id if actor else "",
        "salt": new_salt(),
    }
    if customer_id is not None and _watch:
        if session.execute(_watch[0].statement, {"watched": customer_id, **named(values)}).scalar_one():
            _watch[0].told(session, actor, values)
    elif shown and values["ids"] and _writer and actor is not None and actor.via in _SHOWN_BY:
        _writer[0](session, actor, values)
    else:
        session.execute(_write, named(values))


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) of the fields that differ, as JSON-ready values."""
    keys = [key for key, value in new.items() if old.get(key) != value]
    return {key: _plain(old.get(key)) for key in keys}, {key: _plain(new[key]) for key in keys}


def _plain(value: Any) -> Any:
    plain = value is None or isinstance(value, str | int | float | bool | list | dict)
    return value if plain else str(value)
