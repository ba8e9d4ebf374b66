"""Names by id: kept for seconds, yet never missing for a row that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from platform_core.app import Runtime
from platform_core.testing.factories import Factory
from platform_core.users import labels


@dataclass(frozen=True)
class Row:
    owner_id: UUID | None
    department_id: UUID | None


def test_a_person_and_a_department_made_this_second_have_their_names(runtime: Runtime, factory: Factory) -> None:
    with runtime.database.system_session("test") as session:
        before = labels.labels(session)
    department = factory.department("Placed Today")
    user = factory.user(name="Came Today")
    with runtime.database.system_session("test") as session:
        assert labels.labels(session).departments == before.departments, "the cache is not asked again so soon"
        of_department = labels.of_rows(session, [Row(None, department.id)])
        assert of_department.department(department.id) == "Placed Today"
        assert labels.of_rows(session, [Row(user.id, None)]).person(user.id) == "Came Today"


def test_rows_of_nobody_read_nothing_anew(runtime: Runtime) -> None:
    with runtime.database.system_session("test") as session:
        first = labels.labels(session)
        assert labels.of_rows(session, [Row(None, None)]) is first
        assert (first.person(None), first.department(None)) == ("", "")
