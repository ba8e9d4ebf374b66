"""Pages to merge two customers and to erase one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, erasing, merging, queries, rights, searching, unmerging
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.web.forms import FormData
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_CANDIDATES = 10
ACTS = {
    "move": (_.lazy("move here"), "jade"),
    "drop": (_.lazy("made anew"), ""),
    "keep": (_.lazy("stay, without the person"), "amber"),
    "delete": (_.lazy("deleted"), "red"),
    "clear": (_.lazy("stay, without the customer"), "amber"),
}
"""What becomes of rows: label and tone."""


@get("/customers/{customer_id:uuid}/merge", permission=merging.PERMISSION, name="customers:merge_with")
def choose(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    """Which other record? At first those that share the name."""
    customer = queries.get(session, customer_id)
    return _candidates(request, session, actor, customer_id, customer.name)


@post(
    "/customers/{customer_id:uuid}/merge", permission=merging.PERMISSION, name="customers:find_to_merge",
    opt={"unkept": True},
)  # fmt: skip
def find(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    return _candidates(request, session, actor, customer_id, form.get("q"))


def _candidates(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, words: str
) -> Response[str]:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, merging.PERMISSION, customer)
    found = searching.find(session, actor, words, _CANDIDATES + 1)
    rows = [row for row in found.rows if row.id != customer_id][:_CANDIDATES]
    return drawing.form_page(
        request, "customers/_merge_choose.html", _("Merge with another customer"), customer=customer, rows=rows,
        words=words,
    )  # fmt: skip


@get("/customers/{customer_id:uuid}/merge/{other_id:uuid}", permission=merging.PERMISSION, name="customers:compare")
def compare(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, other_id: UUID
) -> Response[str]:
    """Both side by side; the first is kept."""
    try:
        return _compared(request, session, actor, customer_id, other_id)
    except NotFound as error:
        return _one_already(request, session, (customer_id, other_id), error)


@post("/customers/{customer_id:uuid}/merge/{other_id:uuid}", permission=merging.PERMISSION, name="customers:merge")
def merge(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, other_id: UUID, form: FormData
) -> Response[str]:
    taken = [name for name in merging.FIELDS if form.get(f"take_{name}") == "other"]
    version, other = form.number("version"), form.number("other_version")
    known = None if version is None or other is None else (version, other)
    try:
        with session.begin_nested():  # rows may have moved before one cannot
            done = merging.merge(session, actor, customer_id, other_id, taken, known)
    except Conflict as error:
        return _compared(request, session, actor, customer_id, other_id, error.message)
    except NotFound as error:
        return _one_already(request, session, (customer_id, other_id), error)
    notice = Notice(_("The two records are one now."), f"/customers/merges/{done.id}/undo")
    return redirect(request, f"/customers/{customer_id}", notice)


def _one_already(
    request: Request[Any, Any, Any], session: Session, pair: tuple[UUID, UUID], error: NotFound
) -> Response[str]:
    """To what somebody else has made of the two meanwhile. Raises the error where that is not it."""
    kept = {_leads_to(session, key) for key in pair}
    if len(kept) > 1:
        raise error
    return redirect(request, f"/customers/{kept.pop()}", Notice(_("Somebody else has merged these two already.")))


def _leads_to(session: Session, customer_id: UUID) -> UUID:
    """Itself, or what it has become part of. Raises NotFound."""
    try:
        return queries.get(session, customer_id).id
    except NotFound:
        return merging.successor(session, customer_id)


def _compared(
    request: Request[Any, Any, Any], session: Session, actor: Actor, keep_id: UUID, other_id: UUID, message: str = ""
) -> Response[str]:
    shown = merging.preview(session, actor, keep_id, other_id)
    return page(
        request, "customers/merge.html", active="customers", status=409 if message else 200, shown=shown,
        message=message, acts=ACTS, days=unmerging.DAYS,
    )  # fmt: skip


@post("/customers/merges/{merge_id:uuid}/undo", permission=merging.PERMISSION, name="customers:unmerge")
def undo(request: Request[Any, Any, Any], session: Session, actor: Actor, merge_id: UUID) -> Response[str]:
    back = unmerging.unmerge(session, actor, merge_id)
    return redirect(request, f"/customers/{back.id}", Notice(_("There are two records again.")))


@get("/customers/{customer_id:uuid}/erase", permission=erasing.PERMISSION, name="customers:ask_erase")
def ask_erase(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    return _erase_page(request, erasing.preview(session, actor, customer_id), {}, {})


@post("/customers/{customer_id:uuid}/erase", permission=erasing.PERMISSION, name="customers:erase")
def erase(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    values = {"code": form.get("code").strip(), "reason": form.get("reason").strip()}
    shown = erasing.preview(session, actor, customer_id)
    if values["code"] != shown.customer.code:
        wrong = {"code": _("This is not the code of this customer: %(code)s.", code=shown.customer.code)}
        return _erase_page(request, shown, values, wrong)
    try:
        erasing.erase(session, actor, customer_id, values["reason"])
    except Invalid as error:
        return _erase_page(request, shown, values, error.fields)
    except Conflict:
        return _erase_page(request, shown, values, {}, status=409)
    return redirect(request, "/customers", Notice(_("The person has been erased. This cannot be undone.")))


def _erase_page(
    request: Request[Any, Any, Any], shown: erasing.Preview, values: dict[str, str], errors: dict[str, str],
    status: int = 200,
) -> Response[str]:  # fmt: skip
    return page(
        request, "customers/erase.html", active="customers", status=422 if errors else status, shown=shown,
        values=values, errors=errors, acts=ACTS,
    )  # fmt: skip


HANDLERS = [choose, find, compare, merge, undo, ask_erase, erase]
