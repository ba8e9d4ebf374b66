"""Files on customers. The bytes lie in the data folder under a random name; the row says whose they are.

A file is written before its row is committed and taken away when that fails; a process that is killed in between
leaves a file that nobody refers to, never a row without its file.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import documents, filetypes, opening, queries, rights
from platform_core.customers.models import Attachment
from platform_core.kernel.database import files_of
from platform_core.kernel.errors import Invalid, NotFound, TooLarge
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.unitofwork import on_commit, on_rollback

_ = translator("customers")
MAX_SIZE = 20 * 1024 * 1024
_CHUNK = 256 * 1024


def ref(attachment: Attachment) -> EntityRef:
    return EntityRef("customers", "attachment", attachment.id, attachment.filename)


def store(
    session: Session, actor: Actor, customer_id: UUID, upload: Any, *, owner: str = "customers", kind: str = "file",
    engagement_id: UUID | None = None,
) -> Attachment:  # fmt: skip
    """Keep an uploaded file (`filename`, binary `file`) with a customer the actor sees, as a document of its own.

    The calling service has checked that the actor may add to the customer or the engagement. Raises Invalid for an
    empty file or a kind that is not kept, TooLarge above 20 MB.
    """
    attachment = _written(session, actor, customer_id, upload, owner=owner, kind=kind, engagement_id=engagement_id)
    _keep(session, actor, attachment)
    return attachment


def add(session: Session, actor: Actor, customer_id: UUID, upload: Any) -> Attachment:
    """Keep a file with a customer the actor may change; what is called like one before is its next version."""
    rights.require(session, actor, "customers.edit", queries.get(session, customer_id))
    attachment = _written(session, actor, customer_id, upload)
    documents.following(session, attachment)
    _keep(session, actor, attachment)
    return attachment


def _written(
    session: Session, actor: Actor, customer_id: UUID, upload: Any, *, owner: str = "customers", kind: str = "file",
    engagement_id: UUID | None = None,
) -> Attachment:  # fmt: skip
    """The row of a file that lies in the folder by now, not yet in the session."""
    customer = queries.get(session, customer_id)
    _check_size(upload.file)
    filename = _clean(upload.filename)
    media_type = filetypes.media_type(filename, upload.file)
    name = secrets.token_hex(20)
    stored_as = f"{name[:2]}/{name}"
    path = files_of(session) / stored_as
    path.parent.mkdir(parents=True, exist_ok=True)
    on_rollback(session, path.unlink, missing_ok=True)
    size, digest = _write(upload.file, path)
    return Attachment(
        id=new_id(),
        document_id=new_id(),
        version=1,
        customer_id=customer.id,
        engagement_id=engagement_id,
        owner=owner,
        kind=kind,
        filename=filename,
        media_type=media_type,
        size=size,
        sha256=digest,
        stored_as=stored_as,
        uploaded_by=actor.user_id,
    )


def _keep(session: Session, actor: Actor, attachment: Attachment) -> None:
    session.add(attachment)
    after = {name: getattr(attachment, name) for name in ("filename", "version", "size", "sha256")}
    audit.record(session, actor, "customers.attach", ref(attachment), customer_id=attachment.customer_id, after=after)
    session.flush()  # plugins refer to the row in the same transaction


def opened(session: Session, actor: Actor, customer_id: UUID, attachment_id: UUID) -> tuple[Attachment, Path]:
    """A file the actor may see and where it lies, written down as read. Raises NotFound."""
    attachment = queries.attachment(session, customer_id, attachment_id)
    path = files_of(session) / attachment.stored_as
    if not path.is_file():
        raise NotFound(_("The file has been lost from the data folder. Ask an administrator."))
    opening.opened(session, actor, ref(attachment), customer_id, "customers.download")
    return attachment, path


def remove(session: Session, actor: Actor, customer_id: UUID, attachment_id: UUID) -> Attachment:
    """Take one version of a file off a customer. What a plugin keeps (a contract) is taken off there."""
    rights.require(session, actor, "customers.edit", queries.get(session, customer_id))
    attachment = queries.attachment(session, customer_id, attachment_id)
    if attachment.owner != "customers":
        raise Invalid(_("This file belongs to another record. Remove it there."))
    session.delete(attachment)
    path = files_of(session) / attachment.stored_as
    on_commit(session, path.unlink, missing_ok=True)
    before = {name: getattr(attachment, name) for name in ("filename", "version", "sha256")}
    audit.record(session, actor, "customers.detach", ref(attachment), customer_id=customer_id, before=before)
    return attachment


def _clean(filename: str) -> str:
    """The last part of the name, without control characters and at most 200 characters, its ending kept.

    Letters with marks are put together: systems that take them apart would make another name of the same.
    """
    last = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in last if char.isprintable()).strip()
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: 200 - len(ending) - 1]}{dot}{ending}" if len(name) > 200 and len(ending) < 20 else name[:200]


def _check_size(file: BinaryIO) -> None:
    if file.seek(0, os.SEEK_END) > MAX_SIZE:
        raise TooLarge(_("The file is larger than %(limit)s MB.", limit=MAX_SIZE // 1024 // 1024))


def _write(source: BinaryIO, path: Path) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    source.seek(0)
    with path.open("xb") as target:
        path.chmod(0o600)
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            digest.update(chunk)
            target.write(chunk)
    return size, digest.hexdigest()
