"""Pages of the import wizard: every state of a batch is one address, so that reloading it always works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.fields import LABELS
from platform_core.customers.importing import batches, examples, files, matching, own, reverting, services, uploads
from platform_core.customers.importing.columns import SUPPLIED, Guess, Options, Target
from platform_core.customers.importing.models import ImportBatch
from platform_core.customers.importing.rows import Payload
from platform_core.customers.importing.showing import ShownRow, masked_sample, shown
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import today
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.web import cursors, sheets
from platform_core.web.forms import FormData, bind
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_PERMISSION = uploads.PERMISSION
_BATCH = "/customers/imports/{batch_id:uuid}"
_MOST_OPTIONS = 800
"""Of all columns together: a page with more is slow, so that these share one list."""
_VERDICTS = ("error", "update", "duplicate", "new")


@get("/customers/imports", permission=_PERMISSION, name="customers:imports")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor, before: str = "") -> Response[str]:
    after = cursors.decode(before, 1)[0] if before else None
    if not isinstance(after, UUID | None):
        raise Invalid(_("This page mark is not valid. Start from the first page."))
    found, following = batches.page_of(session, after)
    audit.record(session, actor, "customers.imports", ids=[batch.id for batch, _owner in found], shown=False)
    return page(
        request, "customers/importing/list.html", active="customers", batches=found,
        next_url=f"/customers/imports?before={cursors.encode([following])}" if following else "",
        collected=batches.collected_today(session) if not before else [],
    )  # fmt: skip


@get(_BATCH, permission=_PERMISSION, name="customers:import_batch")
def detail(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    batch = batches.get(session, batch_id)
    if batch.state == "uploaded" and batch.owner_id == actor.user_id:
        return _mapping_page(request, session, batch, batches.mapping_of(batch))
    return _batch_page(request, session, actor, batch)


@get(f"{_BATCH}/mapping", permission=_PERMISSION, name="customers:import_mapping")
def mapping(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    """Also the way back from the dry run."""
    batch = batches.get(session, batch_id)
    if batch.state not in {"uploaded", "checked"} or batch.owner_id != actor.user_id:
        raise NotFound(_("There is no such import, or not for you."))
    return _mapping_page(request, session, batch, batches.mapping_of(batch))


@post(f"{_BATCH}/mapping", permission=_PERMISSION, name="customers:import_check")
def check(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, batch_id: UUID
) -> Response[str]:
    batch = batches.get(session, batch_id)
    named = {label: key for key, label in _labels(own.targets(session)).items()}
    written = [form.get(f"column-{place}").strip() for place in range(len(batch.headers))]
    targets = [named.get(text, text) for text in written]
    bound = bind(Options, form)
    try:
        services.check(session, actor, batch_id, targets, bound.require())
    except Invalid as error:
        guess = Guess(targets, bound.value or Options())
        return _mapping_page(request, session, batch, guess, error.fields or {"": error.message}, status=422)
    return redirect(request, f"/customers/imports/{batch_id}")


@post(f"{_BATCH}/commit", permission=_PERMISSION, name="customers:import_commit")
def commit(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    services.commit(session, actor, batch_id)
    return redirect(request, f"/customers/imports/{batch_id}")


@post(f"{_BATCH}/cancel", permission=_PERMISSION, name="customers:import_cancel")
def cancel(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    services.cancel(session, actor, batch_id)
    return redirect(request, f"/customers/imports/{batch_id}")


@post(f"{_BATCH}/retry", permission=_PERMISSION, name="customers:import_retry")
def retry(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    services.retry(session, actor, batch_id)
    return redirect(request, f"/customers/imports/{batch_id}")


@post(f"{_BATCH}/discard", permission=_PERMISSION, name="customers:import_discard")
def discard(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    services.discard(session, actor, batch_id)
    return redirect(request, "/customers/imports")


@get(f"{_BATCH}/revert", permission=_PERMISSION, name="customers:import_revert_preview")
def revert_preview(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    batch = batches.get(session, batch_id)
    if not batches.may_revert(actor, batch) or not batches.can_be_reverted(batch):
        raise Conflict(_("This import cannot be taken back any more."))
    going, staying = reverting.outlook(session, batch)
    named = reverting.kept_of(session, actor, batch, batches.SHOWN)
    audit.record(session, actor, "customers.import_revert_preview", batch.ref, ids=[item.id for item in named])
    return page(
        request, "customers/importing/revert.html", active="customers", batch=batch, going=going, staying=staying,
        named=named,
    )  # fmt: skip


@post(f"{_BATCH}/revert", permission=_PERMISSION, name="customers:import_revert")
def revert(request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID) -> Response[str]:
    services.revert(session, actor, batch_id)
    return redirect(request, f"/customers/imports/{batch_id}")


@get(f"{_BATCH}/rows/{{verdict:str}}", permission=_PERMISSION, name="customers:import_rows")
def download(
    request: Request[Any, Any, Any], session: Session, actor: Actor, batch_id: UUID, verdict: str
) -> Response[bytes]:
    """The rows of a verdict as .xlsx: the cells as they were, and why, to be corrected and uploaded again."""
    batch = batches.get(session, batch_id)
    if verdict not in {"error", "duplicate"} or batch.owner_id != actor.user_id:
        raise NotFound(_("There is nothing to download here."))
    headers = [*batch.headers, _("Row"), _("Reason")]
    name = f"import-{verdict}-{today().isoformat()}.xlsx"
    answer = sheets.answer(name, headers, _cells(session, actor, batch, verdict))
    audit.record(session, actor, "customers.import_download", batch.ref, after={"verdict": verdict})
    return answer


@get("/customers/import/template", permission=_PERMISSION, name="customers:import_template")
def template(session: Session) -> Response[bytes]:
    """A table with a column for every field and one row as an example, in the reader's language."""
    headers, row = examples.table(session)
    return sheets.answer("customers.xlsx", headers, [row])


def _cells(session: Session, actor: Actor, batch: ImportBatch, verdict: str) -> Iterator[list[str]]:
    width = len(batch.headers)
    for found in batches.each_row(session, batch.id, verdict):
        known = matching.explain(session, actor, found)
        for row in found:
            payload = Payload.opened(vault_of(session), row.payload)
            cells = [*payload.cells[:width], *[""] * (width - len(payload.cells))]
            yield [*cells, str(row.number), "\n".join(shown(session, batch, row, payload, known).reasons)]


def _labels(known: Mapping[str, Target]) -> dict[str, str]:
    """Key -> what the target is called; the second one of a name says its key as well."""
    found: dict[str, str] = {}
    for key, target in known.items():
        label = str(target)
        found[key] = f"{label} ({key})" if label in found.values() else label
    return found


def _mapping_page(
    request: Request[Any, Any, Any], session: Session, batch: ImportBatch, guess: Guess,
    errors: dict[str, str] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    known = own.targets(session)
    labels = _labels(known)
    samples = files.unsealed(vault_of(session).decrypt(batch.samples)) if batch.samples else [[] for _ in batch.headers]
    return page(
        request, "customers/importing/mapping.html", active="customers",
        status=status, batch=batch, guess=guess, errors=errors or {},
        columns=[
            (title, [masked_sample(session, key if key in known else "", text) for text in texts], key)
            for title, texts, key in zip(batch.headers, samples, guess.targets, strict=True)
        ],
        targets=list(labels.items()), labels=labels,
        is_long=len(batch.headers) * len(known) > _MOST_OPTIONS,
        supplied=[
            (name, str(LABELS[name]), dictionaries.choices(session, f"customers.{name}", current=code), code)
            for name in SUPPLIED
            for code in [getattr(guess.options, name)]
        ],
    )  # fmt: skip


def _batch_page(request: Request[Any, Any, Any], session: Session, actor: Actor, batch: ImportBatch) -> Response[str]:
    is_owner = batch.owner_id == actor.user_id
    found: dict[str, list[ShownRow]] = {}
    late: list[ShownRow] = []
    if is_owner and batch.state == "checked":
        for verdict in _VERDICTS:
            found[verdict] = _shown(session, actor, batch, batches.rows_of(session, batch.id, verdict))
    elif is_owner and batch.state in {"done", "cancelled"}:
        skipped = batches.rows_in_state(session, batch.id, "skipped") if batch.skipped else []
        late = _shown(session, actor, batch, skipped)
    elif is_owner and batch.state == "reverted":
        kept = batches.rows_in_state(session, batch.id, "kept") if batch.kept else []
        late = _shown(session, actor, batch, kept)
    if found or late:
        named = [row.found_id for rows in (*found.values(), late) for row in rows if row.found_id]
        audit.record(session, actor, "customers.import_view", batch.ref, ids=named)
    return page(
        request, "customers/importing/batch.html", partial="customers/importing/_batch.html", active="customers",
        batch=batch, options=Options(**batch.options), progress=batches.progress_of(session, batch), rows=found,
        late=late, is_owner=is_owner,
        can_revert=batches.may_revert(actor, batch) and batches.can_be_reverted(batch),
    )  # fmt: skip


def _shown(session: Session, actor: Actor, batch: ImportBatch, rows: Any) -> list[ShownRow]:
    known = matching.explain(session, actor, rows)
    vault = vault_of(session)
    return [shown(session, batch, row, Payload.opened(vault, row.payload), known) for row in rows]


HANDLERS = [
    *uploads.HANDLERS, index, detail, mapping, check, commit, cancel, retry, discard, revert_preview, revert, download,
    template,
]  # fmt: skip
