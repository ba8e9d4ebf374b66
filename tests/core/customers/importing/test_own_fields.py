"""Own fields in tables: found by their names, read like typed ones, filled in, overwritten and given back."""

from __future__ import annotations

import pytest

from platform_core.audit.models import AuditEntry
from platform_core.customers import services
from platform_core.customers.custom import keeping, values
from platform_core.customers.custom.keeping import FieldInput
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Customer
from platform_core.testing.factories import Factory
from tests.core.customers.importing.conftest import Collector, xlsx

TITLES = ["客户名称", "手机", "Seats", "Renewal", "colour", "Topics", "Minder", "Identity number"]


@pytest.fixture
def defined(collector: Collector, factory: Factory) -> None:
    office = factory.actor(factory.user("office"))
    with collector.runtime.database.actor_session(office) as session:
        for item in (
            FieldInput(key="seats", label="Seats", type="web.number"),
            FieldInput(key="renewal", label="Renewal", type="web.date"),
            FieldInput(key="colour", label="Colour of it", type="web.choice", entries="Red\nGreen", default="Green"),
            FieldInput(key="topics", label="Topics", type="web.choices", entries="Law\nTax"),
            FieldInput(key="minder", label="Minder", type="web.person"),
            FieldInput(key="id_no", label="Identity number", sensitive=True),
            FieldInput(key="licence", label="Licence", required=True),
        ):
            keeping.add(session, office, item)


@pytest.mark.usefixtures("defined")
def test_new_customers_bring_their_own_fields(collector: Collector) -> None:
    collector.upload(xlsx(TITLES, [
        ["Acme", "13800006021", 12.5, "2026.12.1", "red", "Tax；Law", "Collector", "310101199001011234"],
        ["Plain", "13800006022", "", "", "", "", "", ""],
        ["Wrong", "13800006023", "many", "soon", "pink", "Love", "Nobody", ""],
    ]))  # fmt: skip
    mapping = collector.page("/mapping")
    assert "310101199001011234" not in mapping, "samples of a sensitive field are masked"
    batch = collector.check()
    assert (batch.new_rows, batch.error_rows) == (2, 1), "a required field does not stop an import"
    page = collector.page()
    for text in ("pink", "Nobody", "many"):
        assert text in page, text
    collector.commit()
    acme, plain = collector.customers()
    assert acme.custom == {
        "seats": "12.5", "renewal": "2026-12-01", "colour": "x1", "topics": ["x1", "x2"],
        "minder": str(collector.user.id), "id_no": "****1234",
    }  # fmt: skip
    assert plain.custom == {"colour": "x2"}
    with collector.runtime.database.system_session("look", write=False) as session:
        assert values.opened(session, session.get_one(Customer, acme.id)) == {"id_no": "310101199001011234"}


@pytest.mark.usefixtures("defined")
@pytest.mark.any_database
def test_customers_of_the_house_are_overwritten_and_given_back(collector: Collector, factory: Factory) -> None:
    actor = factory.actor(collector.user)
    with collector.runtime.database.actor_session(actor) as session:
        held = {"seats": "1", "colour": "Red", "licence": "L"}
        made = services.create(session, actor, CustomerInput(name="Acme", phone="13800006021", custom=held))
    collector.upload(xlsx(TITLES, [["Acme", "13800006021", "2", "", "Green", "Law", "", "310101199001011234"]]))
    collector.check(duplicates="overwrite")
    assert "310101199001011234" not in collector.page()
    collector.commit()

    def now() -> tuple[Customer, dict[str, str]]:
        with collector.runtime.database.system_session("look", write=False) as session:
            row = session.get_one(Customer, made.id)
            return row, values.opened(session, row)

    row, secrets = now()
    assert row.custom == {"seats": "2", "colour": "x2", "licence": "L", "topics": ["x1"], "id_no": "****1234"}
    assert secrets == {"id_no": "310101199001011234"}
    with collector.runtime.database.system_session("look", write=False) as session:
        entry = session.query(AuditEntry).filter_by(action="customers.import_update").one()
        assert entry.after["custom.id_no"] == "****1234"
        assert "310101199001011234" not in str(entry.after)
    assert collector.act("revert").status_code == 303
    assert collector.run()
    row, secrets = now()
    assert (row.custom, secrets) == ({"seats": "1", "colour": "x1", "licence": "L"}, {})
