"""The page where phrases are kept, the dialog that makes one of what was just typed, and what the composer asks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities.phrases import filling, queries, services
from baton_plugins.activities.phrases.models import Phrase
from baton_plugins.activities.phrases.services import PhraseInput, TakeInput

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Routes,
    Session,
    bind,
    customer_get,
    fragment,
    get,
    page,
    person_choices,
    post,
    redirect,
    refusal_text,
    sharing,
    translator,
)

_ = translator("activities")
WRITE = "activities.write"
PATH = "/phrases"
_ONE = "/{phrase_id:uuid}"
_FROM_COMPOSER = "composer"


@get("/", permission=WRITE, name="activities:phrases", opt={"personal": True})
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """One's own phrases and those for oneself, what one takes most first."""
    rows = queries.all_of(session, actor)
    return page(
        request, "activities/phrases.html", active="plans", rows=rows, reaches=sharing.LABELS,
        names=dict(person_choices(session)), changeable={row.phrase.id for row in rows if _may(actor, row.phrase)},
    )  # fmt: skip


@get("/suggested", permission=WRITE, name="activities:phrases_suggested")
def suggested(request: Request[Any, Any, Any], session: Session, actor: Actor, q: str = "") -> list[dict[str, str]]:
    """Phrases for what is typed behind a slash; the text comes when one is taken."""
    return [{"text": one.name, "take": f"{PATH}/{one.id}/take"} for one in queries.suggested(session, actor, q[:20])]


@post(f"{_ONE}/take", permission=WRITE, name="activities:take_phrase")
def take(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, phrase_id: UUID
) -> dict[str, str]:
    return {"text": services.take(session, actor, phrase_id, bind(TakeInput, form).require())}


@get("/new", permission=WRITE, name="activities:new_phrase")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _form(request, session, actor, Bound(values={"reach": "private"}))


@post("/new", permission=WRITE, name="activities:phrase_of_text", opt={"unkept": True})
def of_text(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """The dialog with what stands in the composer. The customer's name becomes a place to fill."""
    about = bind(TakeInput, form).require()
    known = services.values(session, actor, customer_get(session, about.customer_id), about.contact_id)
    text = filling.emptied(form.get("body").strip(), {key: name for key, name in known.items() if key != "sender"})
    values = {"reach": "private", "text": text[:2000], "from": _FROM_COMPOSER}
    return _form(request, session, actor, Bound(values=values))


@post("/", permission=WRITE, name="activities:make_phrase")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = _bound(form)
    try:
        phrase = services.create(session, actor, bound.require())
    except Invalid as error:
        return _form(request, session, actor, bound.add(error), status=422)
    if form.get("from") == _FROM_COMPOSER:
        message = _("Saved. /%(name)s puts it in.", name=phrase.name)
        return fragment(request, "_toast.html", headers={"HX-Trigger": "dialog-close"}, message=message)
    return redirect(request, PATH, Notice(_("Saved.")))


@get(_ONE, permission=WRITE, name="activities:phrase", opt={"personal": True})
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, phrase_id: UUID) -> Response[str]:
    phrase = queries.get(session, actor, phrase_id)
    values = {
        "name": phrase.name, "text": phrase.text, "reach": phrase.reach, "version": str(phrase.version),
        "place_id": str(sharing.place_of(phrase) or ""),
    }  # fmt: skip
    return _form(request, session, actor, Bound(values=values), phrase)


@post(_ONE, permission=WRITE, name="activities:change_phrase")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, phrase_id: UUID
) -> Response[str]:
    phrase, bound, status = queries.get(session, actor, phrase_id), _bound(form), 422
    try:
        services.change(session, actor, phrase_id, bound.require())
    except Invalid as error:
        bound.add(error)
    except Conflict as error:
        bound.add(Invalid("", fields={"": refusal_text(session, actor, error)}))
        status = error.status
    else:
        return redirect(request, PATH, Notice(_("Saved.")))
    return _form(request, session, actor, bound, phrase, status=status)


@post(f"{_ONE}/remove", permission=WRITE, name="activities:remove_phrase")
def remove(request: Request[Any, Any, Any], session: Session, actor: Actor, phrase_id: UUID) -> Response[str]:
    services.remove(session, actor, phrase_id)
    return redirect(request, PATH, Notice(_("The phrase is removed."), f"{PATH}/{phrase_id}/restore"))


@post(f"{_ONE}/restore", permission=WRITE, name="activities:restore_phrase")
def restore(request: Request[Any, Any, Any], session: Session, actor: Actor, phrase_id: UUID) -> Response[str]:
    services.restore(session, actor, phrase_id)
    return redirect(request, PATH, Notice(_("The phrase is back.")))


def _bound(form: FormData) -> Bound[PhraseInput]:
    """Each reach has a list of its own to choose from."""
    return bind(PhraseInput, {**form.as_dict(), "place_id": form.get(f"{form.get('reach')}_id")})


def _may(actor: Actor, phrase: Phrase) -> bool:
    return sharing.may_change(actor, phrase)


def _form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: Bound[PhraseInput],
    phrase: Phrase | None = None, *, status: int = 200,
) -> Response[str]:  # fmt: skip
    teams, departments = (sharing.places(session, actor, reach) for reach in ("team", "department"))
    offered = {"private": True, "team": teams, "department": departments, "all": sharing.may_share(actor, "all", None)}
    return page(
        request, "activities/phrase.html", status=status, active="plans", form=form, phrase=phrase, teams=teams,
        partial="activities/_phrase_sheet.html" if status == 200 else "activities/_phrase_form.html",
        departments=departments, places=filling.PLACES, may_change=phrase is None or _may(actor, phrase),
        reaches=[(key, str(sharing.LABELS[key])) for key in sharing.REACHES if offered[key]],
    )  # fmt: skip


ROUTES = Routes(PATH, [index, suggested, take, new, of_text, create, show, change, remove, restore])
