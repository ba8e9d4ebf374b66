"""Nothing leaves the house while somebody has to decide first: after a restore, what waits may have left long ago."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.messaging import LANES
from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.kernel.clock import now
from platform_core.kernel.scope import proven
from platform_core.outbox import services
from platform_core.outbox.models import Message

_HELD = Setting("outbox.held", "", "")
"""Why, and "" while messages leave; set by commands, so it is on no page."""
_WAITS = Message.state.in_((*services.WAITING, "sending", "unknown"))
_PROOF: dict[str, Any] = {"synchronize_session": False, **proven("the whole house is held, whoever wrote a message")}


def why(session: Session) -> str:
    return settingvalues.read(session, _HELD)


def hold(session: Session, reason: str) -> int:
    """From now on no worker sends. Returns how many messages wait.

    Those that were on their way are in doubt: whether they arrived is asked of people.
    """
    settingvalues.write(session, _HELD, reason)
    session.execute(
        update(Message).where(Message.state == "sending").values(state="unknown", lease_until=None),
        execution_options=_PROOF,
    )
    return waiting(session)


def waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Message).where(_WAITS)) or 0


def release(session: Session, *, drop: bool) -> int:
    """Let messages leave again; `drop`: those that wait are cancelled first. Returns how many that were."""
    dropped = 0
    if drop:
        dropped = session.execute(
            update(Message)
            .where(Message.state.in_(services.WAITING))
            .values(state="cancelled", reason="restore", settled_at=now()),
            execution_options=_PROOF,
        ).rowcount  # type: ignore[attr-defined]
    settingvalues.write(session, _HELD, None)
    audit.record(session, None, "outbox.release", after={"number": dropped})
    if not drop:
        services.wake(session, LANES)
    return dropped
