"""What the first crowd after a start would wait for is made ready before the process says that it is well.

A hundred calls in the first second cost half as much again as later ones: each kind of actor's conditions were written,
each statement compiled and each template translated while they waited.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import jinja2
from sqlalchemy.exc import SQLAlchemyError

from platform_core.contracts.identity import Actor
from platform_core.kernel.database import Database
from platform_core.permissions import queries
from platform_core.plugins.hooks import Hooks, PoisonedTransactionError
from platform_core.web.templates import Templates

_log = logging.getLogger(__name__)
_AT_MOST = 2.0
"""Seconds, after which the process serves with what is ready."""


def prepare(database: Database, hooks: Hooks, templates: Templates) -> None:
    """Let every owner run its first reads with the rights of each role; they find nothing, and nothing is kept."""
    began = time.monotonic()
    names: dict[str, None] = {}
    for actor in _actors(database, hooks):
        if time.monotonic() - began > _AT_MOST:
            _log.info("not everything was made ready within %.0f s", _AT_MOST)
            break
        names |= dict.fromkeys(_read(database, hooks, actor))
    for name in names:
        try:
            templates.load(name)
        except jinja2.TemplateError as error:
            _log.warning("the template %s cannot be made ready: %s", name, error)


def _actors(database: Database, hooks: Hooks) -> list[Actor]:
    with database.system_session("whose rights to make ready for", write=False) as session:
        found = [hooks.load_actor(session, user_id) for user_id in queries.one_of_each_role(session)]
    return [actor for actor in found if actor is not None]


def _read(database: Database, hooks: Hooks, actor: Actor) -> Sequence[str]:
    session = database.session_for(actor)
    try:
        return hooks.prepare(session, actor)
    except (PoisonedTransactionError, SQLAlchemyError) as error:
        _log.warning("not everything could be made ready: %s", type(error).__name__)
        return ()
    finally:
        session.rollback()
        session.close()
