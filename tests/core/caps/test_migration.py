"""Openings of days that had a number of their own are numbered in order of time, and the way back counts them again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text

from platform_core.app import Runtime
from platform_core.caps.limits import OPEN, standing_of
from platform_core.caps.models import Opened
from platform_core.kernel.clock import today
from platform_core.kernel.ids import new_id
from platform_core.testing.pytest_plugin import make_settings
from platform_core.users.models import Freeze, User
from tests.core.revisions import downgrade, upgrade

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)


def numbered(runtime):
    with runtime.database.system_session("look", write=False) as session:
        return session.execute(
            select(Opened.user_id, Opened.counter, Opened.number, Opened.customer_id, Opened.cap).order_by(
                Opened.user_id, Opened.counter, Opened.number
            )
        ).all()


def test_openings_keep_their_numbers_there_and_back(empty_database, tmp_path):
    runtime = Runtime(make_settings(empty_database, tmp_path))
    runtime.migrate()
    with runtime.database.system_session("openings of a day") as session:
        users = [User(id=new_id(), login=f"u{number}", name=f"U{number}") for number in range(2)]
        session.add_all(users)
        session.flush()  # what follows names them, and has no relationship that would say so
        for user in users:
            for counter, cap in (("open", 7), ("reveal", 5)):
                for number in range(1, 4):
                    at = MORNING + timedelta(minutes=number)
                    session.add(
                        Opened(
                            user_id=user.id, day=today(), counter=counter, customer_id=new_id(), at=at, number=number,
                            cap=cap,
                        )
                    )  # fmt: skip
        session.add(
            Freeze(user_id=users[0].id, rule=OPEN, day=today(), used=3, cap=3, thawed_at=MORNING, extra=4),
        )
    before = numbered(runtime)
    downgrade(runtime, "core_0009")
    with runtime.database.connection("look") as connection:
        days = connection.execute(text("SELECT counter, used, cap, extra FROM caps_day ORDER BY counter, extra")).all()
    assert days == [("open", 3, 7, 0), ("open", 3, 7, 4), ("reveal", 3, 5, 0), ("reveal", 3, 5, 0)]
    upgrade(runtime, "core_0010")
    assert numbered(runtime) == before
    with runtime.database.system_session("look", write=False) as session:
        assert standing_of(session, users[0].id, today(), OPEN).limit == 150 + 4
    runtime.database.dispose()
