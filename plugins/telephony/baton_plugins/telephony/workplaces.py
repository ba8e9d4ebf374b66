"""A key pulled out at a workstation ends what the person who works there is signed in to with a key.

Off unless somebody chose it for that workstation. Browsers are not told when a key goes; the agent sees the USB port.
"""

from __future__ import annotations

from datetime import timedelta

from baton_plugins.telephony.forms import KeyPulled, WorkplaceInput
from baton_plugins.telephony.models import Heard, Source
from baton_plugins.telephony.sources import ref
from baton_plugins.telephony.targets import name_of
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from platform_core.api import (
    Actor,
    Invalid,
    Session,
    User,
    end_sessions_of_keys,
    new_id,
    now,
    record,
    translator,
)

_ = translator("telephony")


def change(session: Session, actor: Actor, source: Source, data: WorkplaceInput) -> None:
    """Raises Invalid."""
    name = ""
    if data.user_id is not None:
        name = session.scalar(select(User.name).where(User.id == data.user_id, User.status == "active")) or ""
        if not name:
            told = _("Please choose from the list.")
            raise Invalid(told, fields={"user_id": told})
    elif data.locks:
        told = _("Say who works there: it is their sessions that end.")
        raise Invalid(told, fields={"user_id": told})
    before = {"person": name_of(session, source.user_id) if source.user_id else "", "locks": source.locks}
    source.user_id, source.locks = data.user_id, data.locks
    record(
        session, actor, "telephony.change_workplace", ref(source), before=before,
        after={"person": name, "locks": data.locks},
    )  # fmt: skip


def pulled(session: Session, source: Source, news: KeyPulled, *, skew: timedelta) -> None:
    """Once for each event; sessions that began after it go on, so that one that comes late harms nobody."""
    heard = Heard(id=new_id(), source_id=source.id, key=news.id, kind="key_pulled", line=news.key, outcome="ignored")
    try:
        with session.begin_nested():
            session.add(heard)
    except IntegrityError:
        return
    if source.user_id is None or not source.locks:
        return
    count = end_sessions_of_keys(session, source.user_id, min(news.at + skew, now()))
    heard.outcome, heard.told = "locked", name_of(session, source.user_id)[:200]
    record(session, None, "telephony.key_pulled", ref(source), after={"person": heard.told, "count": count})
