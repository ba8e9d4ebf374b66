"""Writing the audit trail. Call it in the acting transaction: no act without its line, no line without its act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert
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
) -> None:
    """Append one line. `before` and `after` hold changed fields only; sensitive values must come in as masks.

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
    session.execute(insert(AuditEntry), values)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) of the fields that differ, as JSON-ready values."""
    keys = [key for key, value in new.items() if old.get(key) != value]
    return {key: _plain(old.get(key)) for key in keys}, {key: _plain(new[key]) for key in keys}


def _plain(value: Any) -> Any:
    plain = value is None or isinstance(value, str | int | float | bool | list | dict)
    return value if plain else str(value)
