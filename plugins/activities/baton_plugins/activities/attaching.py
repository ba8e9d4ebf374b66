"""Files of a follow-up: kept with the customer, named in the follow-up so that its line leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from platform_core.api import Actor, Attachment, Invalid, Session, among, store_attachment, translator

_ = translator("activities")
KIND = "follow_up"
MOST = 10


def attach(
    session: Session,
    actor: Actor,
    customer_id: UUID,
    engagement_id: UUID | None,
    chosen: Sequence[UUID],
    uploads: Sequence[Any],
) -> list[dict[str, str]]:
    """What the follow-up's column holds. Raises Invalid for a file of another matter, or one that is not kept."""
    if len(chosen) + len(uploads) > MOST:
        raise _refused(_("At most %(limit)s files.", limit=MOST))
    known = _known(session, customer_id, engagement_id, chosen)
    try:
        known += [
            store_attachment(session, actor, customer_id, upload, kind=KIND, engagement_id=engagement_id)
            for upload in uploads
        ]
    except Invalid as error:
        raise _refused(error.message) from error
    return [{"id": file.id.hex, "name": file.filename} for file in known]


def _known(session: Session, customer_id: UUID, engagement_id: UUID | None, chosen: Sequence[UUID]) -> list[Attachment]:
    """Files whose readers are those of the follow-up: a name must not tell of another matter."""
    if not chosen:
        return []
    here: ColumnElement[bool] = Attachment.engagement_id.is_(None)
    if engagement_id is not None:
        here = or_(here, Attachment.engagement_id == engagement_id)
    statement = select(Attachment).where(among(Attachment.id, chosen), Attachment.customer_id == customer_id, here)
    rows = {row.id: row for row in session.scalars(statement)}
    if rows.keys() != set(chosen):
        raise _refused(_("There is no such file on this customer."))
    return [rows[key] for key in dict.fromkeys(chosen)]


def _refused(message: str) -> Invalid:
    return Invalid(message, fields={"files": message})
