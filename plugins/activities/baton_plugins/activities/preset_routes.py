"""What each outcome of the composer sets. Names and order are kept with the other dictionaries."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from baton_plugins.activities import composing, presets
from baton_plugins.activities.forms import Code
from msgspec import Meta

from platform_core.api import (
    Actor,
    EntityRef,
    FormData,
    Invalid,
    NotFound,
    Request,
    Response,
    Routes,
    Session,
    bind,
    changes,
    dictionaries,
    get,
    new_id,
    page,
    post,
    record,
    redirect,
    translator,
)

_ = translator("activities")
PRESETS = "activities.presets"
_CHOICES = ("1d", "2d", "3d", "7d", "14d", "30d", "mon", "none")


class PresetInput(msgspec.Struct, kw_only=True):
    """What one click on an outcome sets."""

    status: Code = ""
    next_in: Annotated[str, Meta(pattern=r"^(none|mon|[1-9]\d{0,2}d)?$")] = ""
    next_kind: Code = "call"


@get("/", permission=PRESETS, name="activities:presets")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _page(request, session, {})


@post("/{code:str}", permission=PRESETS, name="activities:set_preset")
def update(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, code: str) -> Response[str]:
    bound = bind(PresetInput, form)
    if bound.ok:
        try:
            set_preset(session, actor, code, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, "/settings/outcomes")
    return _page(request, session, bound.errors, status=422)


def set_preset(session: Session, actor: Actor, code: str, data: PresetInput) -> None:
    """Raises NotFound for an unknown outcome, Invalid for a status or kind that does not exist."""
    outcome = next((item for item in presets.own_outcomes(session, disabled=True) if item.code == code), None)
    if outcome is None:
        raise NotFound(_("There is no such outcome."))
    for field, dictionary, value in (
        ("status", presets.STATUSES, data.status),
        ("next_kind", presets.KINDS, data.next_kind),
    ):
        if value and value not in dictionaries.entries(session, dictionary):
            message = _("Please choose from the list.")
            raise Invalid(message, fields={field: message})
    old = {"status": outcome.status, "next_in": outcome.next_in, "next_kind": outcome.next_kind}
    new = msgspec.structs.asdict(data)
    dictionaries.set_data(session, presets.OUTCOMES, code, new)
    before, after = changes(old, new)
    record(
        session, actor, "activities.preset", EntityRef("activities", "outcome", new_id(), outcome.label),
        before=before, after=after,
    )  # fmt: skip


def _page(
    request: Request[Any, Any, Any], session: Session, errors: dict[str, str], *, status: int = 200
) -> Response[str]:
    outcomes = presets.own_outcomes(session, disabled=True)
    used = {outcome.next_in for outcome in outcomes if outcome.next_in} - set(_CHOICES)
    return page(
        request,
        "activities/presets.html",
        status=status,
        active="outcomes",
        outcomes=outcomes,
        statuses=dictionaries.choices(session, presets.STATUSES),
        nexts=[(choice, composing.next_label(choice)) for choice in (*_CHOICES, *sorted(used))],
        kinds=composing.kind_pairs(session),
        errors=errors,
    )


ROUTES = Routes("/settings/outcomes", [index, update])
