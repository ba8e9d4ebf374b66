"""JSON: giving customers to others, looking at what became of it, taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.transfer import drafts, queries, rules, services
from platform_core.customers.transfer.models import Transfer
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web import cursors
from platform_core.web.apis import Cursor, Items
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.routing import delete, get, post

_ = translator("customers")


class TransferInput(msgspec.Struct, kw_only=True):
    """`to` is a person, or with `department_id` the people of a department, who take turns."""

    customer_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=drafts.MOST)]
    to_id: UUID | None = None
    department_id: UUID | None = None


class ConfirmInput(msgspec.Struct, kw_only=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=services.LONGEST_REASON)]
    version: int | None = None


class TransferOut(msgspec.Struct, kw_only=True):
    """`state`: draft, moving, done, undoing, undone. Of a draft `going` are those against which nothing stands."""

    id: UUID
    state: str
    by: str
    reason: str
    total: int
    going: int
    moved: int
    refused: int
    undone: int
    kept: int
    created_at: datetime
    finished_at: datetime | None
    version: int


class LineOut(msgspec.Struct, kw_only=True):
    """A customer of a transfer. `why` is one of the codes in docs/api.md, `explanation` says it in words."""

    customer_id: UUID
    code: str
    name: str
    state: str
    why: str
    explanation: str
    from_id: UUID | None
    to_id: UUID | None
    rows_along: int


def transfer_out(session: Session, transfer: Transfer) -> TransferOut:
    session.flush()  # the answer shows the version that a later step has to name
    going = services.waiting(session, transfer) if transfer.state == "draft" else 0
    return TransferOut(
        id=transfer.id, state=transfer.state, by=transfer.by_label, reason=transfer.reason, total=transfer.total,
        going=going, moved=transfer.moved, refused=transfer.refused, undone=transfer.undone, kept=transfer.kept,
        created_at=transfer.created_at, finished_at=transfer.finished_at, version=transfer.version,
    )  # fmt: skip


@post("/", permission=rules.PERMISSION, name="customers:api_transfer")
def begin(session: Session, actor: Actor, data: TransferInput) -> TransferOut:
    """Put customers down for a transfer. Nothing moves before it is confirmed; its lines say what would."""
    if (data.to_id is None) == (data.department_id is None):
        message = _("Name either a person or a department.")
        raise Invalid(message, fields={"to_id": message})
    choice = f"person:{data.to_id}" if data.to_id else f"department:{data.department_id}"
    transfer = drafts.begin(session, actor, data.customer_ids, "list")
    session.flush()  # choosing reads it again
    return transfer_out(session, drafts.choose(session, actor, transfer.id, {drafts.EVERYTHING: choice}))


@get("/", permission=SIGNED_IN, name="customers:api_transfers")
def index(session: Session, actor: Actor, cursor: Cursor = "") -> Items[TransferOut]:
    """Those that you made, got or lost customers by, or that were made in your branch; the newest first."""
    last = UUID(str(cursors.decode(cursor, 1)[0])) if cursor else None
    found, following = queries.page_of(session, last)
    audit.record(session, actor, "customers.transfers", ids=[item.id for item in found], shown=False)
    shown = [transfer_out(session, item) for item in found]
    return Items(shown, cursors.encode([following]) if following else None)


@get("/{transfer_id:uuid}", permission=SIGNED_IN, name="customers:api_transfer_read")
def read(session: Session, actor: Actor, transfer_id: UUID) -> TransferOut:
    """A draft or a transfer that has been made, as far as the reader may see it."""
    transfer = drafts.get(session, transfer_id)
    audit.record(session, actor, "customers.transfer_view", transfer.ref)
    return transfer_out(session, transfer)


@get("/{transfer_id:uuid}/customers", permission=SIGNED_IN, name="customers:api_transfer_lines")
def lines(session: Session, actor: Actor, transfer_id: UUID, cursor: str = "") -> Items[LineOut]:
    """Those that you see, in their order."""
    transfer = drafts.get(session, transfer_id)
    found, following = queries.lines(session, transfer, after=int(cursor) if cursor.isdigit() else 0)
    audit.record(session, actor, "customers.transfer_view", transfer.ref, ids=[line.customer_id for line in found])
    items = [
        LineOut(
            customer_id=line.customer_id, code=line.code, name=line.name, state=line.state, why=line.why,
            explanation=str(rules.WORDS[line.why]) if line.why else "", from_id=line.from_id, to_id=line.to_id,
            rows_along=line.along,
        )
        for line in found
    ]  # fmt: skip
    return Items(items, str(following) if following else None)


@post("/{transfer_id:uuid}/confirm", permission=rules.PERMISSION, name="customers:api_transfer_confirm")
def confirm(session: Session, actor: Actor, transfer_id: UUID, data: ConfirmInput) -> TransferOut:
    """Move what the lines say. More than 200 customers move in the background."""
    return transfer_out(session, services.confirm(session, actor, transfer_id, data.reason, data.version))


@post("/{transfer_id:uuid}/undo", permission=rules.PERMISSION, name="customers:api_transfer_undo")
def undo(session: Session, actor: Actor, transfer_id: UUID) -> TransferOut:
    """Give back what nobody has given on since, for 30 days."""
    return transfer_out(session, services.undo(session, actor, transfer_id))


@post("/{transfer_id:uuid}/retry", permission=rules.PERMISSION, name="customers:api_transfer_retry")
def retry(session: Session, actor: Actor, transfer_id: UUID) -> TransferOut:
    """Go on with a transfer whose background work has failed; 409 for any other."""
    return transfer_out(session, services.retry(session, actor, transfer_id))


@delete("/{transfer_id:uuid}", permission=rules.PERMISSION, name="customers:api_transfer_discard", status_code=204)
def discard(session: Session, actor: Actor, transfer_id: UUID) -> None:
    """Throw a draft away."""
    drafts.discard(session, actor, transfer_id)


HANDLERS = [begin, index, read, lines, confirm, undo, retry, discard]
