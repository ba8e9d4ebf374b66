"""Reading phrases: those for the reader, what they take most first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from baton_plugins.activities.phrases.models import Phrase, PhraseUse
from sqlalchemy import and_, func, select

from platform_core.api import Actor, NotFound, Session, index_tokens, sharing, translator

_ = translator("activities")
MOST_SHOWN = 300
_SUGGESTED = 8
_times = func.coalesce(PhraseUse.times, 0)


@dataclass(frozen=True, slots=True)
class Row:
    phrase: Phrase
    times: int
    """The reader took it"""


def all_of(session: Session, actor: Actor) -> Sequence[Row]:
    used = and_(PhraseUse.phrase_id == Phrase.id, PhraseUse.user_id == actor.user_id)
    mine = (
        select(Phrase, _times)
        .outerjoin(PhraseUse, used)
        .where(sharing.for_reader(Phrase), Phrase.removed_at.is_(None))
        .order_by(_times.desc(), Phrase.name, Phrase.id)
        .limit(MOST_SHOWN)
    )
    return [Row(phrase, times) for phrase, times in session.execute(mine, sharing.reader(actor))]


def suggested(session: Session, actor: Actor, piece: str) -> list[Phrase]:
    """Those whose name a piece is part of, by its characters, pinyin or initials; those it begins first."""
    wanted = piece.casefold()
    found = [row.phrase for row in all_of(session, actor)]
    begun = [phrase for phrase in found if phrase.name.casefold().startswith(wanted)]
    other = [phrase for phrase in found if phrase not in begun and _is_like(phrase.name, wanted)]
    return [*begun, *other][:_SUGGESTED]


def _is_like(name: str, wanted: str) -> bool:
    return wanted in name.casefold() or any(token.startswith(wanted) for token in index_tokens(name))


def get(session: Session, actor: Actor, phrase_id: UUID) -> Phrase:
    """One that may have been removed as well. Raises NotFound when there is none or none for this actor."""
    mine = select(Phrase).where(Phrase.id == phrase_id, sharing.for_keeper(Phrase, actor))
    found = session.scalars(mine, sharing.reader(actor)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such phrase, or not for you."))
    return found
