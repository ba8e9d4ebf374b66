"""What a restored house needs before people come back: nobody is signed in, and nothing old is sent again."""

from __future__ import annotations

from sqlalchemy import update

from platform_core.audit import services as audit
from platform_core.backups.manifest import Manifest
from platform_core.kernel.database import Database
from platform_core.outbox import holding
from platform_core.users.models import User


def settle(database: Database, known: Manifest, *, replaced: str) -> int:
    """End every session and token, hold the outbox, write it down. Returns how many messages wait.

    Sessions and tokens that were ended after the backup would be alive again; what waited then may have left since.
    """
    with database.system_session("settle a restored house") as session:
        session.execute(
            update(User).values(auth_epoch=User.auth_epoch + 1).execution_options(synchronize_session=False)
        )
        waiting = holding.hold(session, "restore")
        after = {"backup": known.id, "made_at": known.made_at, "replaced": replaced, "messages": waiting}
        audit.record(session, None, "backups.restore", after=after)
    return waiting
