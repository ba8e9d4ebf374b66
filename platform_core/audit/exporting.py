"""Lines of the trail as a table for spreadsheet programs, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from platform_core.audit import queries, texts
from platform_core.audit.models import AuditEntry
from platform_core.audit.queries import AuditQuery
from platform_core.kernel.i18n import translator

_ = translator("audit")
MOST = 20_000
"""Lines of one file; more is what archives are for."""
_PAGE = 2000


def titles() -> list[str]:
    return [
        _("Number"), _("When"), _("Who"), _("By way of"), _("Address"), _("Action"), _("Code"), _("About"),
        _("Customer"), _("Result"), _("Changes"), _("Reason"), _("Rows"),
    ]  # fmt: skip


def rows(session: Session, query: AuditQuery, words: texts.Words, *, most: int = MOST) -> Iterator[Sequence[Any]]:
    """Newest first, `most` at most."""
    left = most
    while left > 0:
        found, cursor = queries.entries(session, query, limit=min(_PAGE, left))
        for entry in found:
            yield _row(entry, words)
            session.expunge(entry)
        left -= len(found)
        if not cursor:
            return
        query = replace(query, cursor=cursor)


def _row(entry: AuditEntry, words: texts.Words) -> Sequence[Any]:
    result, _tone = texts.RESULTS[entry.result]
    return (
        entry.seq, entry.at, entry.actor_label, str(texts.VIAS.get(entry.via, entry.via)), entry.ip,
        words.action(entry.action), entry.action, entry.entity_label, str(entry.customer_id or ""), str(result),
        _changes(entry, words), entry.reason, len(entry.ids) or None,
    )  # fmt: skip


def _changes(entry: AuditEntry, words: texts.Words) -> str:
    """One line per field: `City: Beijing -> Shanghai`."""
    found = words.differences(entry.action, entry.before, entry.after)
    return "\n".join(f"{name}: {' -> '.join(part for part in sides if part is not None)}" for name, *sides in found)
