"""What may report calls: agents paired by a one-time code, exchanges that know a secret address of ours."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.telephony.forms import LineInput, Paired, Pairing, SourceInput
from baton_plugins.telephony.models import Line, Source
from baton_plugins.telephony.policies import VIEW
from baton_plugins.telephony.targets import changed
from sqlalchemy import bindparam, or_, select
from sqlalchemy.exc import IntegrityError

from platform_core.api import (
    NAMES_COUNTER,
    Actor,
    EntityRef,
    Forbidden,
    Invalid,
    NotFound,
    Request,
    Scope,
    Session,
    User,
    changes,
    counters,
    new_id,
    new_token,
    now,
    record,
    token_digest,
    translator,
)

_ = translator("telephony")
hookimpl = pluggy.HookimplMarker("baton")
EVENTS = "/api/v1/telephony/events"
ASKED = "/api/v1/telephony/dials"
LIVE = "/live"
"""Where agents hear, as browsers do, that there is something to fetch."""
WEBHOOK = "/api/v1/telephony/cti/"
_SCHEME = "Agent "
CODE_LIFE = timedelta(minutes=15)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look alike."""
_SEEN_EVERY = timedelta(seconds=30)
_REPORTING = "telephony.reporting"


@hookimpl
def baton_authenticate(session: Session, request: Request[Any, Any, Any]) -> Actor | None:
    """Sources are known by their token, at the addresses that are for them and nowhere else."""
    path = request.url.path
    if path in {EVENTS, ASKED, LIVE}:
        header = request.headers.get("authorization", "")
        token = header.removeprefix(_SCHEME) if header.startswith(_SCHEME) else ""
        kinds: tuple[str, ...] = ("agent",)
    elif path.startswith(WEBHOOK):
        token, kinds = path.removeprefix(WEBHOOK), ("webhook", "sipgate")
    else:
        return None
    source = by_token(session, token, kinds) if token else None
    if source is None:
        return None
    return Actor(user_id=source.id, name=source.name, grants={VIEW: Scope.ALL}, via="api")


_BY_TOKEN = select(Source, counters.current(NAMES_COUNTER)).where(
    Source.token_digest == bindparam("digest"),
    Source.kind.in_(bindparam("kinds", expanding=True)),
    Source.revoked_at.is_(None),
)


def by_token(session: Session, token: str, kinds: tuple[str, ...]) -> Source | None:
    """The session holds it from here on, and knows whether somebody's telephone has changed since it was last asked."""
    row = session.execute(_BY_TOKEN, {"digest": token_digest(token), "kinds": kinds}).one_or_none()
    if row is None:
        return None
    counters.keep(session, {NAMES_COUNTER: row[1]})
    source: Source = row[0]
    session.info[_REPORTING] = source
    return source


def reporting(session: Session, actor: Actor) -> Source:
    """The source behind a report. Raises Forbidden for people."""
    source = session.info.get(_REPORTING)
    if not isinstance(source, Source) or source.id != actor.user_id:
        raise Forbidden(_("Only telephone agents and exchanges report calls."))
    moment = now()
    if source.seen_at is None or moment - source.seen_at > _SEEN_EVERY:
        source.seen_at = moment
    return source


def ref(source: Source) -> EntityRef:
    return EntityRef("telephony", "source", source.id, source.name)


def add(session: Session, actor: Actor, data: SourceInput) -> tuple[Source, str]:
    """A new source and its secret, which is shown this once: an agent's pairing code, an exchange's token."""
    source = Source(id=new_id(), kind=data.kind, name=data.name, area_code=data.area_code, outside=data.outside)
    session.add(source)
    secret = renew_code(session, actor, source) if data.kind == "agent" else _give_token(source)
    record(session, actor, "telephony.add_source", ref(source), after={"kind": source.kind})
    return source, secret


def renew_code(session: Session, actor: Actor, source: Source) -> str:
    """Another pairing code; whoever pairs by it puts the former workstation out."""
    code = "".join(secrets.choice(_LETTERS) for _place in range(10))
    source.code_digest, source.code_until = token_digest(code), now() + CODE_LIFE
    record(session, actor, "telephony.pairing_code", ref(source))
    return code


def _give_token(source: Source) -> str:
    token = new_token()
    source.token_digest = token_digest(token)
    return token


def pair(session: Session, data: Pairing) -> Paired:
    """Give a token for a code, once. Raises Forbidden, the same whether the code is wrong, used or too old."""
    code = data.code.strip().upper()
    source = session.scalars(select(Source).where(Source.code_digest == token_digest(code)).with_for_update()).first()
    if source is None or source.code_until is None or source.code_until < now() or source.revoked_at is not None:
        raise Forbidden(_("This pairing code is not valid. Ask for another one."))
    source.code_digest = source.code_until = None
    source.version, source.seen_at = data.version, now()
    record(session, None, "telephony.pair", ref(source))
    return Paired(_give_token(source), source.name)


def revoke(session: Session, actor: Actor, source: Source) -> None:
    source.revoked_at, source.token_digest, source.code_digest = now(), None, None
    record(session, actor, "telephony.revoke_source", ref(source))


def get(session: Session, source_id: UUID) -> Source:
    """Raises NotFound."""
    source = session.get(Source, source_id)
    if source is None or source.kind == "test":
        raise NotFound(_("There is no such agent or exchange."))
    return source


def lines(session: Session, source: Source) -> list[tuple[Line, str]]:
    """Each with the name of whose it is."""
    statement = (
        select(Line, User.name)
        .join(User, User.id == Line.user_id)
        .where(Line.source_id == source.id, or_(Line.until.is_(None), Line.until > now()))
        .order_by(Line.line, User.name)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def add_line(session: Session, actor: Actor, source: Source, data: LineInput) -> Line:
    """Raises Invalid for somebody who has that line already."""
    name = session.scalar(select(User.name).where(User.id == data.user_id, User.status == "active"))
    line = Line(id=new_id(), source_id=source.id, line=data.line.strip(), user_id=data.user_id)
    try:
        if name is None:
            raise Invalid(_("Please choose from the list."), fields={"user_id": _("Please choose from the list.")})
        with session.begin_nested():
            session.add(line)
    except IntegrityError as error:
        told = _("This person has the line already.")
        raise Invalid(told, fields={"line": told}) from error
    changed(session)
    before, after = changes({}, {"line": line.line, "person": name})
    record(session, actor, "telephony.add_line", ref(source), before=before, after=after)
    return line


def remove_line(session: Session, actor: Actor, source: Source, line_id: UUID) -> None:
    line = session.get(Line, line_id)
    if line is None or line.source_id != source.id:
        raise NotFound(_("There is no such line."))
    session.delete(line)
    changed(session)
    record(session, actor, "telephony.remove_line", ref(source), before={"line": line.line})
