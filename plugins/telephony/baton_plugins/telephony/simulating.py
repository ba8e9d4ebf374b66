"""A call without a telephone, to see whether cards appear."""

from __future__ import annotations

from uuid import UUID

from baton_plugins.telephony import taking
from baton_plugins.telephony.forms import CallEvent, SimulatedInput
from baton_plugins.telephony.models import Source
from baton_plugins.telephony.targets import Person
from sqlalchemy import select

from platform_core.api import Actor, EntityRef, Invalid, Session, User, new_id, record, translator

_ = translator("telephony")
SPECIMEN = "138 0013 8000"
_SOURCE = UUID("7e1e9040-0000-7000-8000-000000000001")
"""There is one such source in every house, made with its first simulated call."""


def ring(session: Session, actor: Actor, data: SimulatedInput) -> str:
    """Ring at somebody's pages; returns the id under which the call may be answered or ended. Raises Invalid."""
    person = session.execute(
        select(User.id, User.name, User.department_id).where(User.id == data.user_id, User.status == "active")
    ).one_or_none()
    if person is None:
        raise Invalid(_("Please choose from the list."), fields={"user_id": _("Please choose from the list.")})
    source = session.get(Source, _SOURCE)
    if source is None:
        source = Source(id=_SOURCE, kind="test", name=_("Simulated calls"))
        session.add(source)
        session.flush()  # what was heard refers to it
    key = new_id().hex
    event = CallEvent(id=key, kind="ringing", call=key, number=data.number, device=_("Simulated"))
    taking.take(session, source, event, to=[Person(person.id, person.name, person.department_id)])
    record(
        session, actor, "telephony.simulate", EntityRef("telephony", "source", source.id, source.name),
        after={"person": person.name},
    )  # fmt: skip
    return key
