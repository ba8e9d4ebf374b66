"""Which columns of a list a person has chosen, and in what order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.users import preferences
from platform_core.web.lists.state import ListState


def preference_key(asked: ListState) -> str:
    """Of the list, or of one of its saved views."""
    return f"columns.{asked.view.key}.{asked.base.key}" if asked.base else f"columns.{asked.view.key}"


def chosen_columns(session: Session, actor: Actor, asked: ListState) -> Sequence[str]:
    """Columns that the URL names, the user's own for this saved view, those of the view, those for the list."""
    if asked.base is not None and asked.columns != asked.base.columns:
        return asked.columns
    own: Sequence[str] = preferences.read(session, actor, preference_key(asked), ())
    if asked.base is None or own:
        return own
    return asked.columns or chosen_columns(session, actor, asked.spelled_out())
