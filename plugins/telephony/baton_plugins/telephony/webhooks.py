"""The address that telephone exchanges post to; its last part is the secret."""

from __future__ import annotations

import json
from typing import Any

from baton_plugins.telephony import exchanges, sources, taking

from platform_core.api import (
    SIGNED_IN,
    Actor,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    platform_of,
    post,
    translator,
)

_ = translator("telephony")


@post("/cti/{token:str}", permission=SIGNED_IN, name="telephony:webhook", opt={"unkept": True})
def webhook(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, token: str
) -> Response[str]:  # fmt: skip
    """What a telephone exchange posts, as JSON or as a form; sipgate.io gets XML that asks for the rest of the call."""
    source = sources.reporting(session, actor)
    event = exchanges.event_of(_values(request, form))
    if event is not None:
        taking.take(session, source, event)
    if source.kind == "sipgate":
        url = f"{platform_of(request).settings.base_url}{sources.WEBHOOK}{token}"
        return Response(exchanges.sipgate_answer(url), media_type="application/xml")
    return Response("{}", media_type="application/json")


def _values(request: Request[Any, Any, Any], form: FormData) -> exchanges.Values:
    body = request.scope.get("baton_body", b"")
    if not body:
        return exchanges.from_form(form)
    try:
        return exchanges.from_json(json.loads(body))  # type: ignore[arg-type]
    except ValueError as error:
        raise Invalid(_("This is neither JSON nor a form.")) from error


HANDLERS = [webhook]
