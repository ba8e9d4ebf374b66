"""Whom to ask: a refusal names the right that is lacking and who gives it, or the people who can do it instead.

It names people of the house by what they hold, never by a record: nobody learns from it whether a hidden one exists.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.asking import RIGHT_GIVERS
from platform_core.contracts.identity import Actor
from platform_core.kernel.database import database_of
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import Ask, BatonError
from platform_core.kernel.i18n import translator
from platform_core.web.requests import Platform

_ = translator("web")
_MOST_NAMES = 5


def complete(platform: Platform, actor: Actor | None, error: BatonError) -> None:
    """Adds it to a refusal that is about to be answered; its own transaction is gone by then."""
    if error.lacks or error.ask:
        with platform.database.system_session("whom may they ask?", write=False) as session:
            error.message = told(session, actor, error)
        error.lacks, error.ask = "", None


def told(session: Session, actor: Actor | None, error: BatonError) -> str:
    """The whole sentence, for a form that shows a refusal itself."""
    if error.lacks:
        return _joined(error.message, lacking(session, error.lacks, alone=not error.message))
    if error.ask:
        return _joined(error.message, advice(session, error.ask, besides=actor.user_id if actor else None))
    return error.message


def lacking(session: Session, right: str, *, alone: bool = True) -> str:
    """Which right is lacking, by its name on the page of roles, and who gives it."""
    known = (item for _owner, item in database_of(session).declared("permissions", installed=True))
    label = next((str(found.label) for found in known if found.name == right), right)
    names = _(", ").join(service_of(session, RIGHT_GIVERS).names(session))
    if alone and names:
        return _(
            "You may not do this: it takes the right “%(right)s”. Ask for it: %(names)s.", right=label, names=names
        )
    if alone:
        return _(
            "You may not do this: it takes the right “%(right)s”. Ask whoever runs this installation.", right=label
        )
    if names:
        return _("It takes the right “%(right)s”. Ask for it: %(names)s.", right=label, names=names)
    return _("It takes the right “%(right)s”. Ask whoever runs this installation.", right=label)


def advice(session: Session, ask: Ask, *, besides: UUID | None = None) -> str:
    """Who can do it, by name."""
    service = service_of(session, RIGHT_GIVERS)
    people = [key for key in ask.people if key is not None and key != besides]
    names = list(service.called(session, people)) if people else []
    if ask.right:
        names += service.holding(session, ask.right, besides=besides, department=ask.department)
    names = list(dict.fromkeys(names))[:_MOST_NAMES]
    if not names:
        return _("Ask whoever runs this installation.")
    return _("Ask one of these people: %(names)s.", names=_(", ").join(names))


def _joined(why: str, whom: str) -> str:
    return _("%(why)s %(whom)s", why=why, whom=whom) if why else whom
