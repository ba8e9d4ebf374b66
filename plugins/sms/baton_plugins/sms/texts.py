"""Templates for plugins that greet and remind, behind SMS_TEXTS."""

from __future__ import annotations

from uuid import UUID

from baton_plugins.sms import rendering
from baton_plugins.sms.carriers import Carriers
from baton_plugins.sms.models import Template
from sqlalchemy import select

from platform_core.api import Invalid, Session, values_for_text
from platform_core.api.messages import Addressee, Filled, TextWriter


class Texts:
    def choices(self, session: Session, purpose: str) -> list[tuple[str, str]]:
        kept = select(Template.id, Template.name).where(Template.active.is_(True), Template.purpose == purpose)
        return [(str(key), name) for key, name in session.execute(kept.order_by(Template.name))]

    def writer(self, session: Session, template_id: UUID, sender: str) -> TextWriter:
        template = session.get(Template, template_id)
        if template is None or not template.active:
            return _nothing
        carriers, codes = Carriers(session, template.purpose), template.approved()
        try:
            wording = carriers.wording(template.body)
        except Invalid:
            return _refused

        def write(person: Addressee) -> Filled | str:
            if not carriers.approved(codes, mainland=person.mainland):
                return "template"
            values = values_for_text(sender, person.name, person.kind, person.contact)
            found = wording.attempt(values, mainland=person.mainland)
            if isinstance(found, str):
                return found
            return Filled(found.text, found.parts, rendering.handed(codes, found))

        return write


def _nothing(person: Addressee) -> str:
    return "no_text"


def _refused(person: Addressee) -> str:
    return "text"
