"""Every minute the rules look at what was written down; requests pay nothing for it."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete

from platform_core.guard import alerts, rules
from platform_core.guard.measuring import Window
from platform_core.guard.models import Alert
from platform_core.kernel.clock import now
from platform_core.kernel.jobs import JobContext

JOB = "guard.watch"
KEPT = timedelta(days=730)
_log = logging.getLogger(__name__)


def watch(context: JobContext) -> None:
    """Each rule in a transaction of its own: one that fails leaves the others to their work."""
    database, failed = context.database, None
    with database.system_session("rules about behaviour", write=False) as session:
        active = [item for item in rules.as_set(session) if item.enabled]
    for item in active:
        try:
            with database.system_session(f"rule {item.rule.code}") as session:
                until = now()
                window = Window(until - timedelta(minutes=item.minutes), until, item.threshold)
                for found in item.rule.measure(session, window):
                    alerts.raise_alert(
                        session,
                        Alert(
                            rule=item.rule.code, user_id=found.user_id, user_label=found.label, since=window.since,
                            number=found.number, threshold=item.threshold, minutes=item.minutes,
                        ),
                    )  # fmt: skip
        except Exception as error:
            _log.exception("rule %s could not be measured", item.rule.code)
            failed = error
    if failed is not None:
        raise failed


def tidy(context: JobContext) -> None:
    with context.database.system_session("forget old alerts") as session:
        session.execute(delete(Alert).where(Alert.at < now() - KEPT))
