"""Views that somebody has saved, as lists see them. Who keeps them registers here: lists lie below accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Conditions as the URL has them, groups apart from each other by GROUP; no columns: those of the user."""

    id: UUID
    name: str
    texts: tuple[str, ...] = ()
    any_of: bool = False
    sort: str = ""
    columns: tuple[str, ...] = ()
    reach: str = "private"
    """private, team, department or all"""
    owner: str = ""
    """Who shares it; empty for one's own."""
    pinned: bool = False
    """A tab for this reader."""
    may_change: bool = False
    version: int = 1

    @property
    def key(self) -> str:
        return str(self.id)


Known = Mapping[str, Saved]
Find = Callable[[Session, Actor, str], Known]
"""(session, actor, key of the list) -> saved views that the actor may use, by key, in the order of their names."""
Home = Callable[[Session, Actor, str], str]
"""(session, actor, key of the list) -> key of the view that the actor's list opens with, or nothing."""
_find: list[Find] = []
_home: list[Home] = []


def kept_by(find: Find, home: Home) -> None:
    _find[:], _home[:] = [find], [home]


def known(session: Session, actor: Actor, view: Any) -> Known:
    return _find[0](session, actor, view.key) if _find else {}


def home(session: Session, actor: Actor, view: Any) -> str:
    return _home[0](session, actor, view.key) if _home else ""


def find(session: Session, actor: Actor, view: Any, key: str) -> Saved | None:
    """One by its key as it stands in a URL; nothing is asked for what cannot be one."""
    return known(session, actor, view).get(key) if is_key(key) else None


def is_key(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def tabs(found: Sequence[Saved], current: Saved | None) -> list[Saved]:
    """Those above the list: the pinned ones, and whichever is open."""
    return [item for item in found if item.pinned or item == current]
