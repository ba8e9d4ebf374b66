"""Templates: texts that are sent again and again, with the codes under which providers have approved them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from baton_plugins.sms import queries, rendering
from baton_plugins.sms.models import Template
from baton_plugins.sms.rendering import PLACES
from baton_plugins.sms.services import PURPOSES, TemplateInput
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Bound,
    EntityRef,
    FormData,
    Invalid,
    Request,
    Response,
    Routes,
    Session,
    bind,
    changes,
    dictionaries,
    get,
    initial,
    new_id,
    page,
    places_of_text,
    post,
    record,
    redirect,
    translator,
)
from platform_core.api.messages import Driver, message_drivers

_ = translator("sms")
MANAGE = "sms.templates"
_HOME = "/settings/sms-templates"
_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")


@get("/", permission=MANAGE, name="sms:templates")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    purposes = dict(dictionaries.choices(session, PURPOSES))
    found = queries.templates(session, everything=True)
    return page(request, "sms/templates.html", active="sms_templates", templates=found, purposes=purposes)


@get("/new", permission=MANAGE, name="sms:new_template")
def new(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _form(request, session, None, initial(TemplateInput, active=True))


@get("/{template_id:uuid}", permission=MANAGE, name="sms:template")
def show(request: Request[Any, Any, Any], session: Session, template_id: UUID) -> Response[str]:
    template = queries.template(session, template_id)
    given = initial(
        TemplateInput, name=template.name, text=template.body, purpose=template.purpose, active=template.active
    )
    given.values.update({f"code_{driver}": code for driver, code in template.codes.items()})
    given.values.update({f"names_{driver}": _written(names) for driver, names in template.names.items()})
    return _form(request, session, template, given)


@post("/new", permission=MANAGE, name="sms:add_template")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    return _save(request, session, actor, form, None)


@post("/{template_id:uuid}", permission=MANAGE, name="sms:change_template")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, template_id: UUID
) -> Response[str]:
    return _save(request, session, actor, form, queries.template(session, template_id))


def _save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, template: Template | None
) -> Response[str]:
    bound = bind(TemplateInput, form)
    if bound.ok:
        try:
            codes = {driver.name: form.get(f"code_{driver.name}").strip() for driver in _approving(session)}
            names = {name: _read(name, form.get(f"names_{name}")) for name in codes}
            save(
                session, actor, template, bound.require(), {name: code for name, code in codes.items() if code},
                {name: found for name, found in names.items() if found},
            )  # fmt: skip
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, _HOME)
    return _form(request, session, template, bound)


def _written(names: dict[str, str]) -> str:
    return ", ".join(f"{place}={name}" for place, name in names.items())


def _read(driver: str, text: str) -> dict[str, str]:
    """`contact=name, sender=from`: our place, the provider's name of it. Raises Invalid at the field."""
    found: dict[str, str] = {}
    for part in (part.strip() for part in text.replace("\uff0c", ",").split(",") if part.strip()):
        place, mark, name = (piece.strip() for piece in part.partition("="))
        if place not in PLACES or not mark or not _NAME.fullmatch(name):
            message = _("Write it as: contact=name, sender=from")
            raise Invalid(message, fields={f"names_{driver}": message})
        found[place] = name
    return found


def save(
    session: Session, actor: Actor, template: Template | None, data: TemplateInput, codes: dict[str, str],
    names: dict[str, dict[str, str]],
) -> Template:  # fmt: skip
    """Raises Invalid at the field."""
    places_of_text(data.text, rendering.PLACES)
    if data.purpose not in dict(dictionaries.choices(session, PURPOSES)):
        raise Invalid(_("Please check the marked fields."), fields={"purpose": _("Please choose from the list.")})
    namesake = session.scalar(select(Template.id).where(Template.name == data.name))
    if namesake is not None and (template is None or namesake != template.id):
        message = _("There is a template of this name.")
        raise Invalid(message, fields={"name": message})
    given = {
        "name": data.name, "body": data.text, "purpose": data.purpose, "active": data.active, "codes": codes,
        "names": names,
    }  # fmt: skip
    if template is None:
        template = Template(id=new_id(), **given)
        session.add(template)
        before: dict[str, Any] = {}
        after: dict[str, Any] = {"name": data.name}
    else:
        before, after = changes({name: getattr(template, name) for name in given}, given)
        for name, value in given.items():
            setattr(template, name, value)
    ref = EntityRef("sms", "template", template.id, template.name)
    record(session, actor, "sms.template", ref, before=before, after=after)
    return template


def _approving(session: Session) -> list[Driver]:
    """Kinds of provider that take approved templates only."""
    return [driver for driver in message_drivers(session).values() if driver.rules.needs_template]


def _form(
    request: Request[Any, Any, Any], session: Session, template: Template | None, form: Bound[TemplateInput]
) -> Response[str]:
    return page(
        request, "sms/template.html", active="sms_templates", status=422 if form.errors else 200, found=template,
        form=form, purposes=dictionaries.choices(session, PURPOSES), places=PLACES, drivers=_approving(session),
    )  # fmt: skip


ROUTES = Routes(_HOME, [index, new, add, show, change])
