"""The page of the letters that people print: templates with fields, and how to write one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.exports import letterfields, lettering
from platform_core.exports.lettering import KEEP
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.forms import FormData
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("exports")
_ALL = "/papers/letters"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@get(_ALL, permission=KEEP, name="exports:letters")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _page(request, session, "", {})


@post(_ALL, permission=KEEP, name="exports:add_letter")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    try:
        made = lettering.add(session, actor, form.get("name"), form.file("file"))
    except Invalid as error:
        return _page(request, session, form.get("name"), error.fields)
    return redirect(request, _ALL, Notice(_("The letter %(name)s can be printed.", name=made.name)))


@post(f"{_ALL}/{{letter_id:uuid}}/remove", permission=KEEP, name="exports:remove_letter")
def remove(request: Request[Any, Any, Any], session: Session, actor: Actor, letter_id: UUID) -> Response[str]:
    lettering.remove(session, actor, letter_id)
    return redirect(request, _ALL, Notice(_("The letter was removed.")))


@get(f"{_ALL}/sample", permission=KEEP, name="exports:sample_letter")
def sample(request: Request[Any, Any, Any], session: Session) -> Response[bytes]:
    return _file(lettering.content(session, None), "letter")


@get(f"{_ALL}/{{letter_id:uuid}}", permission=KEEP, name="exports:letter")
def download(request: Request[Any, Any, Any], session: Session, letter_id: UUID) -> Response[bytes]:
    return _file(lettering.get(session, letter_id).content, f"letter-{letter_id.hex[:8]}")


def _file(content: bytes, name: str) -> Response[bytes]:
    return Response(content, media_type=_DOCX, headers={"content-disposition": f'attachment; filename="{name}.docx"'})


def _page(request: Request[Any, Any, Any], session: Session, name: str, errors: dict[str, str]) -> Response[str]:
    fields = ["{{" + str(label) + "}}" for label in letterfields.FIELDS.values()]
    return page(
        request, "exports/letters.html", status=422 if errors else 200, lines=lettering.known(session), name=name,
        errors=errors, fields=fields, limit=letterfields.MAX_SIZE // 1024 // 1024,
    )  # fmt: skip


HANDLERS = [index, add, remove, sample, download]
