"""Which rows of a list an act is about: those that were ticked, or all that meet its conditions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.forms import FormData
from platform_core.web.lists import dialogs
from platform_core.web.lists.declaration import ListView
from platform_core.web.lists.reading import Reader
from platform_core.web.lists.state import ListState

_ = translator("customers")
_READ = 200


@dataclass(frozen=True, slots=True)
class Chosen:
    """`conditions` of the list, where everything that meets them was chosen."""

    ids: list[UUID]
    conditions: list[str]


def chosen(session: Session, actor: Actor, view: ListView, form: FormData, most: int) -> Chosen:
    """With `whole` everything that the list in `state` shows, one more than `most` at most; else the ticked `ids`.

    Nothing ticked never means everything. Raises Invalid then, and for a form that is not whole.
    """
    if form.get("whole"):
        asked = dialogs.from_query(session, actor, view, form.get("state")).turned_to()
        return Chosen(found(session, actor, asked, most), list(asked.texts))
    try:
        ids = [UUID(text) for text in form.getlist("ids")]
    except ValueError as error:
        raise Invalid(_("This form is not whole. Reload the page.")) from error
    if not ids:
        raise Invalid(_("Tick something in the list first."))
    return Chosen(list(dict.fromkeys(ids)), [])


def found(session: Session, actor: Actor, asked: ListState, most: int) -> list[UUID]:
    """Keys of what the list shows, one more than `most` at most."""
    ids: list[UUID] = []
    while len(ids) <= most:
        page = Reader(session, actor, asked).page(_READ)
        ids += [row.id for row in page.rows]
        if not page.after:
            break
        asked = asked.turned_to(after=page.after)
    return ids[: most + 1]
