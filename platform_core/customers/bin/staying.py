"""What speaks for customers in the bin: whoever has a reason stays until it is gone, however long it has been there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from platform_core.kernel.scope import proven
from platform_core.plugins.asking import hooks_of

_PROOF = proven("how many rows speak for customers that may be erased, whoever may see them")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Rows of a core package above that keep their customer in the bin.

    They do not stand against erasing a person on purpose; that is `baton_erase_blockers`.
    """

    customer: InstrumentedAttribute[Any]
    contact: InstrumentedAttribute[Any]
    """Of one that stands alone."""
    holds: ColumnElement[bool]
    """Which of the rows do."""
    told: Callable[[int], str]
    """Says of so many of them, in the reader's language, what they are."""


_speakers: list[Speaker] = []


def speaks(speaker: Speaker) -> None:
    """Call it where the package's plugin module is loaded."""
    _speakers.append(speaker)


def reasons(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Of these customers those that stay, each with the sentences that say why."""
    found = hooks_of(session).erase_blockers(session, ids)
    parts = [
        select(literal(number), speaker.customer, func.count())
        .where(speaker.customer.in_(ids), speaker.holds)
        .group_by(speaker.customer)
        for number, speaker in enumerate(_speakers)
    ]
    if ids and parts:
        for number, key, count in session.execute(union_all(*parts), execution_options=_PROOF):
            found.setdefault(key, []).append(_speakers[number].told(count))
    return found


def contacts(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Of these contacts that stand alone those that stay."""
    parts = [select(speaker.contact).where(speaker.contact.in_(ids), speaker.holds) for speaker in _speakers]
    return set(session.scalars(union_all(*parts), execution_options=_PROOF)) if ids and parts else set()
