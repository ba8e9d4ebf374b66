"""Documents: what was put on a customer under one name again and again, each time as the next version.

Only what people put on the customer itself is one. A follow-up's files belong to that one conversation (two pictures
that a telephone called alike are not one), and what a plugin keeps has its history there: each is a document of its
own, with one version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from platform_core.customers.models import Attachment, Customer
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.users.models import User

MOST = 200
MOST_EARLIER = 50
_later = aliased(Attachment)
_PROOF = proven("numbers of versions, of a document that the actor was shown")


@dataclass(frozen=True, slots=True)
class Version:
    file: Attachment
    by: str


@dataclass(frozen=True, slots=True)
class Document:
    """`versions`: how many there are; `earlier` holds at most MOST_EARLIER of them, the newest first."""

    newest: Version
    versions: int
    earlier: Sequence[Version]

    @property
    def older(self) -> int:
        """How many are not shown."""
        return self.versions - 1 - len(self.earlier)


def following(session: Session, file: Attachment) -> None:
    """Make a file that is being added the next version of what is called so, if anything is.

    Locks the customer: of two that come at once the second has to see the first.
    """
    mine = select(Customer.id).where(Customer.id == file.customer_id)
    session.execute(mine.with_for_update(of=Customer, key_share=True))
    same = select(Attachment.document_id).where(
        Attachment.customer_id == file.customer_id, Attachment.owner == file.owner, Attachment.kind == file.kind,
        Attachment.engagement_id.is_(None), Attachment.filename == file.filename,
    )  # fmt: skip
    # After a merge there may be two of the name: the one that somebody touched last goes on.
    known = session.scalar(same.order_by(Attachment.uploaded_at.desc(), Attachment.id.desc()).limit(1))
    if known is None:
        return
    # Past the reader's scope: a merge that was undone may have left versions with the other customer.
    highest = select(func.max(Attachment.version)).where(Attachment.document_id == known)
    file.document_id, file.version = known, (session.scalar(highest, execution_options=_PROOF) or 0) + 1


def hand_over(file: Attachment, *, owner: str, kind: str, engagement_id: UUID | None) -> None:
    """Another record keeps the file from now on: it leaves its document, whose other versions stay where they are."""
    file.owner, file.kind, file.engagement_id = owner, kind, engagement_id
    file.document_id, file.version = new_id(), 1


def is_newest() -> ColumnElement[bool]:
    """Of each document the version that counts today, as far as the reader may see."""
    return ~exists().where(
        _later.document_id == Attachment.document_id,
        _later.version > Attachment.version,
        _later.customer_id == Attachment.customer_id,
    )


def of(session: Session, customer_id: UUID) -> Sequence[Document]:
    """Those of a customer by their newest version, at most MOST; more are found by their engagement."""
    counted = (
        select(func.count())
        .where(_later.document_id == Attachment.document_id, _later.customer_id == Attachment.customer_id)
        .scalar_subquery()
    )
    newest = (
        select(Attachment, User.name, counted.label("versions"))
        .outerjoin(User, User.id == Attachment.uploaded_by)
        .where(Attachment.customer_id == customer_id, is_newest())
        .order_by(Attachment.uploaded_at.desc(), Attachment.id.desc())
        .limit(MOST)
    )
    rows = session.execute(newest).all()
    earlier = _earlier(session, customer_id, [file.document_id for file, _by, versions in rows if versions > 1])
    return [Document(Version(file, by or ""), count, earlier[file.document_id]) for file, by, count in rows]


def _earlier(session: Session, customer_id: UUID, ids: Sequence[UUID]) -> dict[UUID, list[Version]]:
    found: dict[UUID, list[Version]] = defaultdict(list)
    if not ids:
        return found
    place = func.row_number().over(partition_by=Attachment.document_id, order_by=Attachment.version.desc())
    ranked = (
        select(Attachment.id, place.label("place"))
        .where(Attachment.customer_id == customer_id, among(Attachment.document_id, ids))
        .subquery()
    )
    statement = (
        select(Attachment, User.name)
        .join(ranked, and_(ranked.c.id == Attachment.id, ranked.c.place.between(2, MOST_EARLIER + 1)))
        .outerjoin(User, User.id == Attachment.uploaded_by)
        .order_by(Attachment.document_id, Attachment.version.desc())
    )
    for file, by in session.execute(statement):
        found[file.document_id].append(Version(file, by or ""))
    return found
