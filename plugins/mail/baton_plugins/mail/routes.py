"""One's own page: which mails one gets, and where they go."""

from __future__ import annotations

from typing import Any

from baton_plugins.mail import choosing, sending

from platform_core.api import (
    SIGNED_IN,
    Actor,
    FormData,
    Notice,
    Request,
    Response,
    Session,
    User,
    get,
    page,
    post,
    redirect,
    translator,
)

_ = translator("mail")
_PERSONAL = {"personal": True}


@get("/mine", permission=SIGNED_IN, name="mail:mine", opt=_PERSONAL)
def mine(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    user = session.get_one(User, actor.user_id)
    return page(
        request, "mail/mine.html", active="me", address=user.email if sending.reaches(user.email) else "",
        kinds=choosing.WORDS, wanted=choosing.wanted(session, actor), possible=sending.is_possible(session),
    )  # fmt: skip


@post("/mine", permission=SIGNED_IN, name="mail:choose", opt=_PERSONAL)
def choose(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    choosing.choose(session, actor, form.getlist("kinds"))
    return redirect(request, choosing.PATH, Notice(_("Saved.")))


HANDLERS = [mine, choose]
