"""Labels and letters: made by a job, fetched by the person who printed them, gone with the quarter of an hour."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.exports import addressees, letterfields, lettering, making, printing
from platform_core.exports.addressees import Addressee
from platform_core.exports.labelsheets import SHEETS, lines_of
from platform_core.exports.models import Paper, PaperFile
from platform_core.kernel.clock import today
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import BatonError, Conflict
from platform_core.kernel.i18n import speaking, translator
from platform_core.kernel.jobs import JobContext, JobFailedError
from platform_core.kernel.models import JobRow

_ = translator("exports")


def make(context: JobContext) -> None:
    """With the rights that the person has now. Drawing takes seconds: no transaction is open meanwhile."""
    actor = context.actor
    if actor is None:
        message = "nobody prints this"
        raise JobFailedError(message)
    key = UUID(context.arguments["paper"])
    with speaking(actor.language):
        try:
            with context.database.actor_session(actor, write=False) as session:
                paper = session.get(Paper, key)
                if paper is None or paper.state != "making":
                    return
                _source, customers = printing.customers_of(session, actor, paper)
                items = addressees.find(session, customers)
                template = _template(session, paper)
            content = _drawn(actor, paper, items, template)
        except BatonError:
            content = b""
        with context.database.actor_session(actor) as session:
            paper = session.get(Paper, key, with_for_update=True)
            if paper is None or paper.state != "making":
                return
            paper.state = "ready" if content else "failed"
            if content:
                session.add(PaperFile(paper_id=key, content=vault_of(session).encrypt_bytes(content)))


def fetch(session: Session, actor: Actor, paper_id: UUID) -> tuple[Paper, bytes]:
    """Raises NotFound, and Conflict while there is no file."""
    paper = printing.mine(session, actor, paper_id)
    file = session.get(PaperFile, paper.id)
    if file is None:
        raise Conflict(_("This file is not ready. Wait a moment."))
    source, customers = printing.customers_of(session, actor, paper)
    printing.shown(session, actor, paper, source, customers, len(customers))
    return paper, vault_of(session).decrypt_bytes(file.content)


def state_of(session: Session, paper: Paper) -> str:
    """Its own, unless the job has broken down."""
    job = session.get(JobRow, UUID((paper.options or {})["job"])) if paper.state == "making" else None
    return "failed" if job is not None and job.state in {"failed", "cancelled"} else paper.state


def without_address(session: Session, actor: Actor, paper: Paper) -> list[str]:
    """Names of customers that get no label, once there are labels."""
    if paper.kind != "labels" or paper.state != "ready":
        return []
    source, customers = printing.customers_of(session, actor, paper)
    found = [item for item in addressees.find(session, customers) if not item.address]
    if found:
        printing.shown(session, actor, paper, source, [item.customer_id for item in found], 0)
    return [item.customer for item in found]


def _template(session: Session, paper: Paper) -> bytes:
    if paper.kind != "letters":
        return b""
    chosen = (paper.options or {}).get("letter")
    return lettering.content(session, UUID(chosen) if chosen else None)


def _drawn(actor: Actor, paper: Paper, items: Sequence[Addressee], template: bytes) -> bytes:
    mark, options = making.mark_of(actor, paper.id), paper.options or {}
    if paper.kind == "labels":
        texts = [lines_of(item) for item in items if item.address]
        sheet = SHEETS[options["label"]]
        from platform_core.exports import labels  # noqa: PLC0415  loads fpdf2 and its fonts

        return labels.pdf(sheet, texts, first=options["first"], mark=mark, author=actor.name) if texts else b""
    day = letterfields.day_of(today())
    pages = [letterfields.values_of(item, sender=actor.name, day=day) for item in items]
    from platform_core.exports import letters  # noqa: PLC0415  loads python-docx

    return letters.merged(template, pages, mark=mark, author=actor.name) if pages else b""
