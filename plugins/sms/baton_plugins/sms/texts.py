"""Templates for plugins that greet and remind, behind SMS_TEXTS."""

from __future__ import annotations

from uuid import UUID

from baton_plugins.sms import queries, rendering
from baton_plugins.sms.models import Template
from sqlalchemy import select

from platform_core.api import Invalid, Session
from platform_core.api.messages import Addressee, Filled, TextWriter


class Texts:
    def choices(self, session: Session, purpose: str) -> list[tuple[str, str]]:
        kept = select(Template.id, Template.name).where(Template.active.is_(True), Template.purpose == purpose)
        return [(str(key), name) for key, name in session.execute(kept.order_by(Template.name))]

    def writer(self, session: Session, template_id: UUID, sender: str) -> TextWriter:
        template = session.get(Template, template_id)
        if template is None or not template.active:
            return _nothing
        is_service = template.purpose == "service"
        accounts, kind = queries.accounts(session), "service" if is_service else "marketing"
        rules = queries.rules_of(session, queries.first_among(accounts, f"{kind}.cn"))
        signatures, codes = queries.signatures(session, accounts, kind), template.approved()
        try:
            wording = rendering.Wording(template.body, rules, is_marketing=not is_service, signatures=signatures)
        except Invalid:
            return _refused

        def write(person: Addressee) -> Filled | str:
            values = rendering.values(sender, person.name, person.kind, person.contact)
            found = wording.attempt(values, mainland=person.mainland)
            if isinstance(found, str):
                return found
            return Filled(found.text, found.parts, rendering.handed(codes, found))

        return write


def _nothing(person: Addressee) -> str:
    return "no_text"


def _refused(person: Addressee) -> str:
    return "text"
