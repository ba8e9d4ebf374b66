"""Names by id: kept for seconds, yet never missing for a row that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert

from platform_core.app import Runtime
from platform_core.kernel.ids import new_id
from platform_core.testing.factories import Factory
from platform_core.users import labels
from platform_core.users.models import Department, User


@dataclass(frozen=True)
class Row:
    owner_id: UUID | None
    department_id: UUID | None


def test_a_person_and_a_department_made_this_second_elsewhere_have_their_names(runtime: Runtime) -> None:
    with runtime.database.system_session("test") as session:
        before = labels.labels(session)
    department_id, user_id = new_id(), new_id()
    with runtime.database.connection("as another process would, of which this one hears nothing") as connection:
        connection.execute(insert(Department).values(id=department_id, code="today", name="Placed Today"))
        connection.execute(insert(User).values(id=user_id, login="today", name="Came Today"))
    with runtime.database.system_session("test") as session:
        assert labels.labels(session) is before, "the cache is not asked again so soon"
        of_department = labels.of_rows(session, [Row(None, department_id)])
        assert of_department.department(department_id) == "Placed Today"
        assert labels.of_rows(session, [Row(user_id, None)]).person(user_id) == "Came Today"


def test_what_this_process_has_changed_is_known_at_once(runtime: Runtime, factory: Factory) -> None:
    user = factory.user(name="Came Today")
    with runtime.database.system_session("test") as session:
        assert labels.labels(session).person(user.id) == "Came Today"
    with runtime.database.system_session("test") as session:
        session.get_one(User, user.id).name = "Married Today"
        session.flush()
        assert labels.labels(session).person(user.id) == "Married Today", "in the transaction itself"
        session.rollback()
    with runtime.database.system_session("test") as session:
        assert labels.labels(session).person(user.id) == "Came Today"


def test_rows_of_nobody_read_nothing_anew(runtime: Runtime) -> None:
    with runtime.database.system_session("test") as session:
        first = labels.labels(session)
        assert labels.of_rows(session, [Row(None, None)]) is first
        assert (first.person(None), first.department(None)) == ("", "")
