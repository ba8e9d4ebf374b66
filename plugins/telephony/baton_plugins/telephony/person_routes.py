"""Pages of one person's calls."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from baton_plugins.telephony import queries
from baton_plugins.telephony.forms import PersonLogInput
from baton_plugins.telephony.policies import LISTEN, VIEW

from platform_core.api import (
    FOLLOW_UP_FORMS,
    Actor,
    EntityRef,
    NotFound,
    Request,
    Response,
    Session,
    bind,
    get,
    page,
    record,
    service_of,
    translator,
)

_ = translator("telephony")
URL = "/calls/people"


@get("/people", permission=VIEW, name="telephony:person_log")
def person_log(
    request: Request[Any, Any, Any], session: Session, actor: Actor, who: str = "", after: str = ""
) -> Response[str]:
    """Calls at one's own telephone or, as far as rights go, at a colleague's; `day` and `way` narrow them."""
    asked = {name: request.query_params.get(name, "") for name in ("day", "way")}
    given = {"who": who or str(actor.user_id), **asked}
    form, people = bind(PersonLogInput, given), queries.colleagues(session, actor)
    rows: list[queries.CallRow] = []
    following = ""
    if form.ok:
        wanted = form.require()
        name = dict(people).get(str(wanted.who))
        if wanted.who is None or name is None:
            raise NotFound(_("There is no such colleague, or not for you."))
        rows, following = queries.page_of_person(session, wanted.who, wanted, after)
        ref = EntityRef("users", "user", wanted.who, name)
        record(session, actor, "telephony.list", ref, ids=[row.call.id for row in rows])
    ways = [("", _("All")), ("in", _("Incoming")), ("out", _("Outgoing")), ("missed", _("Missed"))]
    return page(
        request, "telephony/person_log.html", status=200 if form.ok else 422, active="calls", rows=rows, form=form,
        people=people, ways=ways, may_listen=actor.can(LISTEN), forms=service_of(session, FOLLOW_UP_FORMS),
        following=f"{URL}?{urlencode({**given, 'after': following})}" if following else "",
    )  # fmt: skip


HANDLERS = [person_log]
