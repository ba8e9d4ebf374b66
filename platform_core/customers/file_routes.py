"""Putting files on a customer, reading them and taking them off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import attachments, drawing, filetypes, queries, rights
from platform_core.kernel.errors import Invalid, TooLarge
from platform_core.kernel.i18n import translator
from platform_core.web import ranges
from platform_core.web.forms import FormData
from platform_core.web.pages import redirect
from platform_core.web.routing import get, post
from platform_core.web.statics import PACKED

_ = translator("customers")
_FILE = "/customers/{customer_id:uuid}/files/{attachment_id:uuid}"


@post("/customers/{customer_id:uuid}/files", permission="customers.edit", name="customers:add_file")
def add_file(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    upload = form.file("file")
    message = _("Choose a file first.")
    if upload is not None:
        try:
            attachments.add(session, actor, customer_id, upload)
            return redirect(request, f"/customers/{customer_id}?tab=files")
        except (Invalid, TooLarge) as error:
            message = error.message
    rights.require(session, actor, "customers.edit", queries.get(session, customer_id))
    return drawing.form_page(
        request, "customers/_file_form.html", _("Add a file"), status=422, customer_id=customer_id,
        accept=filetypes.ACCEPT, error=message,
    )  # fmt: skip


@get(_FILE, permission="customers.view", name="customers:file", opt={PACKED: True})
def download(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, attachment_id: UUID
) -> Response[Any]:
    """Always as a download: nothing that was uploaded is ever shown as a page of ours."""
    found, path = attachments.opened(session, actor, customer_id, attachment_id)
    return ranges.download(request, path, filename=found.filename, media_type=found.media_type, etag=found.sha256)


@post(f"{_FILE}/delete", permission="customers.edit", name="customers:delete_file")
def delete_file(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, attachment_id: UUID
) -> Response[str]:
    attachments.remove(session, actor, customer_id, attachment_id)
    return redirect(request, f"/customers/{customer_id}?tab=files")


HANDLERS = [add_file, download, delete_file]
