"""The recording of one call: the player, what it plays, and the exchange's own page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from baton_plugins.telephony import hosts, services, sounds
from baton_plugins.telephony.models import Call
from baton_plugins.telephony.policies import LISTEN

from platform_core.api import (
    Actor,
    Ask,
    Forbidden,
    NotFound,
    Request,
    Response,
    Session,
    get,
    page,
    read_setting,
    record,
    redirect,
    refusal_text,
    translator,
)

_ = translator("telephony")
_NUMBER = re.compile(r"\d{7,}")


@get("/{call_id:uuid}/recording", permission=LISTEN, name="telephony:recording")
def recording(request: Request[Any, Any, Any], session: Session, actor: Actor, call_id: UUID) -> Response[str]:
    """The player, or why there is none. The address may hold the number, so it stands on no page of ours."""
    call = _recorded(session, call_id)
    return page(
        request, "telephony/recording.html", partial="telephony/_recording_sheet.html", active="calls", call=call,
        is_address=_is_address(call), refused=_refused(session, actor, call),
        named=_NUMBER.sub(lambda found: f"****{found[0][-4:]}", call.recording),
    )  # fmt: skip


@get("/{call_id:uuid}/sound", permission=LISTEN, name="telephony:sound", opt={"packed": True})
def sound(request: Request[Any, Any, Any], session: Session, actor: Actor, call_id: UUID) -> Response[Any]:
    """The recording itself, or the part of it that the browser asks for; each time is written down."""
    call, allowed = _recorded(session, call_id), _hosts(session)
    if not allowed.has(urlsplit(call.recording)):
        return redirect(request, f"/calls/{call.id}/recording")
    record(session, actor, "telephony.listen", services.ref(call), customer_id=call.customer_id)
    part = request.headers.get("range", "")
    return sounds.Sound(sounds.Wanted(call.recording, allowed, part, actor.language))


@get("/{call_id:uuid}/recording/there", permission=LISTEN, name="telephony:recording_there")
def there(request: Request[Any, Any, Any], session: Session, actor: Actor, call_id: UUID) -> Response[str]:
    """To where the exchange keeps it, with the exchange's own sign-in."""
    call = _recorded(session, call_id)
    if not _is_address(call):
        return redirect(request, f"/calls/{call.id}/recording")
    record(session, actor, "telephony.listen", services.ref(call), customer_id=call.customer_id)
    return redirect(request, call.recording)


def _refused(session: Session, actor: Actor, call: Call) -> str:
    """Why it does not play here, and who can change that; empty where it does."""
    parts = urlsplit(call.recording)
    if _hosts(session).has(parts):
        return ""
    name = ":".join(filter(None, [parts.hostname, str(hosts.port_of(parts) or "")]))
    told = _("%(host)s is not among the hosts from which recordings are played.", host=name)
    return refusal_text(session, actor, Forbidden(told, ask=Ask(right="admin.plugins")))


def _recorded(session: Session, call_id: UUID) -> Call:
    call = services.call_of(session, call_id)
    if not call.recording:
        raise NotFound(_("This call was not recorded."))
    return call


def _is_address(call: Call) -> bool:
    return urlsplit(call.recording).scheme in {"http", "https"}


def _hosts(session: Session) -> hosts.Hosts:
    return hosts.read(read_setting(session, hosts.RECORDING_HOSTS))


HANDLERS = [recording, sound, there]
