"""Templates of letters: taking them in, listing them, taking them away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.exports.letterfields import MAX_SIZE
from platform_core.exports.models import LetterTemplate
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.users.models import User

_ = translator("exports")
KEEP = "exports.letters"
MOST = 50


def known(session: Session) -> Sequence[Row[UUID, str, datetime, str]]:
    """id, name, uploaded_at, uploader; by name."""
    uploader = func.coalesce(User.name, "").label("uploader")
    statement = select(LetterTemplate.id, LetterTemplate.name, LetterTemplate.uploaded_at, uploader)
    with_user = statement.outerjoin(User, User.id == LetterTemplate.uploaded_by)
    return session.execute(with_user.order_by(LetterTemplate.name).limit(MOST)).all()


def content(session: Session, template_id: UUID | None) -> bytes:
    """None is the letter that the house has anyway. Raises NotFound."""
    from platform_core.exports import letters  # noqa: PLC0415  loads python-docx

    return letters.sample() if template_id is None else get(session, template_id).content


def get(session: Session, template_id: UUID) -> LetterTemplate:
    found = session.get(LetterTemplate, template_id)
    if found is None:
        raise NotFound(_("There is no such letter."))
    return found


def add(session: Session, actor: Actor, name: str, upload: Any) -> LetterTemplate:
    """A letter of this name; one that is there already is replaced. Raises Invalid at the field, Conflict."""
    _require(actor)
    name = " ".join(name.split())
    wrong = {} if 2 <= len(name) <= 80 else {"name": _("Give the letter a name of 2 to 80 characters.")}
    if upload is None:
        wrong["file"] = _("Choose a file first.")
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    upload.file.seek(0)
    body = upload.file.read(MAX_SIZE + 1)
    from platform_core.exports import letters  # noqa: PLC0415  loads python-docx

    try:
        letters.check(body)
    except Invalid as error:
        raise Invalid(error.message, fields={"file": error.message}) from error
    row = session.scalars(select(LetterTemplate).where(LetterTemplate.name == name)).one_or_none()
    if row is None:
        if (session.scalar(select(func.count()).select_from(LetterTemplate)) or 0) >= MOST:
            raise Conflict(_("There are %(most)d letters already. Remove one of them first.", most=MOST))
        row = LetterTemplate(name=name, content=body, uploaded_by=actor.user_id)
        session.add(row)
    else:
        row.content, row.uploaded_by = body, actor.user_id
    session.flush()  # the audit line names its id
    audit.record(session, actor, "exports.letter", _ref(row))
    return row


def remove(session: Session, actor: Actor, template_id: UUID) -> None:
    _require(actor)
    row = get(session, template_id)
    audit.record(session, actor, "exports.letter_remove", _ref(row))
    session.delete(row)


def _require(actor: Actor) -> None:
    if not actor.can(KEEP):
        raise Forbidden(lacks=KEEP)


def _ref(row: LetterTemplate) -> EntityRef:
    return EntityRef("exports", "letter", row.id, row.name)
