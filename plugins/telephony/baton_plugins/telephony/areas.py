"""Area codes of lines that end elsewhere than the agent or exchange stands."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from baton_plugins.telephony.forms import AreaInput
from baton_plugins.telephony.models import Area, Source
from baton_plugins.telephony.sources import ref
from baton_plugins.telephony.targets import changed
from sqlalchemy import select

from platform_core.api import Actor, NotFound, Session, changes, new_id, record, translator

_ = translator("telephony")
_MOST = 200


def of_source(session: Session, source: Source) -> Sequence[Area]:
    return session.scalars(select(Area).where(Area.source_id == source.id).order_by(Area.line).limit(_MOST)).all()


def put(session: Session, actor: Actor, source: Source, data: AreaInput) -> None:
    """What the line had before goes."""
    changed(session)  # first, so that two administrators wait for each other
    line = data.line.strip()
    area = session.scalars(select(Area).where(Area.source_id == source.id, Area.line == line)).one_or_none()
    old = area.area_code if area else None
    if area is None:
        area = Area(id=new_id(), source_id=source.id, line=line)
        session.add(area)
    area.area_code = data.area_code
    before, after = changes({"area_code": old}, {"area_code": data.area_code})
    record(session, actor, "telephony.set_area", ref(source), before=before, after={"line": line, **after})


def remove(session: Session, actor: Actor, source: Source, area_id: UUID) -> None:
    """Raises NotFound."""
    area = session.get(Area, area_id)
    if area is None or area.source_id != source.id:
        raise NotFound(_("There is no such line."))
    session.delete(area)
    changed(session)
    before = {"line": area.line, "area_code": area.area_code}
    record(session, actor, "telephony.set_area", ref(source), before=before)
