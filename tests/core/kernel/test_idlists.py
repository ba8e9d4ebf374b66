"""One of many ids, as one parameter, on both databases."""

import pytest
from sqlalchemy import select

from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.users.models import Department


@pytest.mark.parametrize("others", [0, 3, 40])
def test_finds_what_an_in_list_finds(runtime, factory, count_queries, others):
    wanted, unwanted = factory.department(), factory.department()
    ids = [wanted.id, *(new_id() for _number in range(others))]
    with runtime.database.system_session("test") as session:
        with count_queries(at_most=1):
            found = session.scalars(select(Department.id).where(among(Department.id, ids))).all()
        assert found == [wanted.id]
        others_found = session.scalars(select(Department.id).where(~among(Department.id, ids))).all()
        assert unwanted.id in others_found
        assert wanted.id not in others_found


def test_nothing_is_among_nothing(runtime, factory):
    factory.department()
    with runtime.database.system_session("test") as session:
        assert session.scalars(select(Department.id).where(among(Department.id, []))).all() == []


def test_statements_of_one_size_are_compiled_once(runtime):
    def key(count):
        made = select(Department.id).where(among(Department.id, [new_id() for _number in range(count)]))
        return made.execution_options(**proven("test"))._generate_cache_key().key

    assert key(2) == key(3)
    assert key(30) == key(40)
