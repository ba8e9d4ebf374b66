from __future__ import annotations

from decimal import Decimal

import pytest
from baton_plugins.opportunities import contracts, panels, queries
from baton_plugins.opportunities.forms import ContractInput
from baton_plugins.opportunities.models import Contract, Opportunity
from sqlalchemy import select

from platform_core.api import Invalid, TimelineQuery, today
from platform_core.kernel.i18n import speaking
from platform_core.users.labels import labels
from platform_core.web import badges

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def queries_of(house):
    with house.runtime.database.system_session("test", write=False) as session:
        return session.scalars(select(Opportunity)).all()


class TestAnotherEngagement:
    """Somebody sees the customer through one engagement; what runs in another stays hidden from them."""

    @pytest.fixture
    def outsider(self, house, signed):
        other = house.opportunity(
            title="Search mandate", project_type="headhunting", department_id=house.delivery.id, expected_value=None
        )
        house.hand_over(house.collector, other)
        house.accept(house.clerk, other)
        return house.clerk

    def test_pages_show_their_own_engagement_only(self, house, browser, outsider, signed):
        opportunity, contract = signed
        me = browser.sign_in(outsider)
        for url in (
            f"/customers/{house.customer.id}",
            f"/customers/{house.customer.id}?tab=opportunities",
            "/opportunities",
        ):
            text = me.get(url).text
            assert "Search mandate" in text, url
            assert "Leadership training" not in text, url
            assert "HT-2026-001" not in text, url
            assert "38,000" not in text, url
        assert me.get(f"/opportunities/{opportunity.id}").status_code == 404
        assert me.get(f"/customers/{house.customer.id}/files/{contract.attachment_id}").status_code == 404
        found = me.post("/search", {"q": "Leadership"}).text
        assert f"/opportunities/{opportunity.id}" not in found

    def test_programs_get_their_own_engagement_only(self, house, browser, outsider, signed):
        _, contract = signed
        me = browser.token(outsider)
        assert [item["title"] for item in me.get("/api/v1/opportunities").json()["items"]] == ["Search mandate"]
        assert me.get(f"/api/v1/contracts?customer_id={house.customer.id}").json()["items"] == []
        assert me.get(f"/api/v1/contracts/{contract.id}").status_code == 404

    def test_a_foreign_file_is_no_contract_of_ones_own(self, house, outsider, signed, upload):
        _, contract = signed
        mine = next(item for item in queries_of(house) if item.title == "Search mandate")
        data = ContractInput(number="HT-5", signed_on=today(), amount=Decimal(1), term="x")
        with house.acting(outsider) as session, pytest.raises(Invalid) as caught:
            contracts.sign(session, house.actor(outsider), mine.id, data, attachment_id=contract.attachment_id)
        assert list(caught.value.fields) == ["attachment_id"]


class TestOnTheCustomer:
    def test_the_page_shows_tab_panel_fact_action_and_timeline(self, house, browser, signed, count_queries):
        me = browser.sign_in(house.trainer)
        me.get("/customers")  # from here on the process knows the names of people, until one changes
        badges.forget()
        with count_queries(at_most=12):  # the day's first opening of the customer, which is counted
            me.get(f"/customers/{house.customer.id}")
        with count_queries(at_most=12):
            text = me.get(f"/customers/{house.customer.id}").text
        assert "?tab=opportunities" in text
        assert "recorded a contract" in text
        assert "HT-2026-001" in text
        assert f"/opportunities/new/{house.customer.id}" in text
        with count_queries(at_most=12):
            assert "Leadership training" in me.get(f"/customers/{house.customer.id}?tab=opportunities").text

    def test_everything_costs_one_statement_and_the_relays(self, house, signed, count_queries):
        actor = house.actor(house.trainer)
        with house.acting(house.trainer) as session:
            customer = session.get(type(house.customer), house.customer.id)
            labels(session)
            with count_queries(
                at_most=3
            ):  # ours, the engagements that the relay's banner reads anyway, the right to write
                facts = panels.baton_customer_facts(session, actor, customer)
                found = panels.baton_customer_panels(session, actor, customer)
                panels.baton_customer_actions(session, actor, customer)
                panels.baton_customer_timeline(session, actor, TimelineQuery(customer.id, 20))
        assert facts[0].value == "¥38,000.00"
        assert [panel.slot for panel in found] == ["tab", "side"]

    def test_timeline_tells_created_signed_and_won(self, house, signed):
        actor = house.actor(house.trainer)
        with house.acting(house.trainer) as session, speaking("en"):
            entries = panels.baton_customer_timeline(session, actor, TimelineQuery(house.customer.id, 20))
            assert sorted(entry.verb for entry in entries) == [
                "created an opportunity", "recorded a contract", "won the opportunity",
            ]  # fmt: skip
            assert ("¥38,000.00", "jade") in next(entry for entry in entries if entry.kind == "contract").chips
            walked, before = [], None
            while part := panels.baton_customer_timeline(session, actor, TimelineQuery(house.customer.id, 1, before)):
                walked += part
                before = (part[-1].at, part[-1].id)
            assert [entry.id for entry in walked] == [entry.id for entry in entries]
            only = TimelineQuery(house.customer.id, 20, kinds=frozenset({"contract"}))
            assert [entry.kind for entry in panels.baton_customer_timeline(session, actor, only)] == ["contract"]

    def test_engagement_summary_gives_value_contract_and_need(self, house, pdf):
        opportunity = house.opportunity(need="二十位经理")
        house.hand_over(house.collector, opportunity)
        house.accept(house.trainer, opportunity)
        house.sign(house.trainer, opportunity, pdf, amount=Decimal(36000))
        with house.acting(house.trainer) as session:
            facts = panels.baton_engagement_summary(session, house.actor(house.trainer), opportunity.engagement_id)
        assert [(fact.value, fact.detail) for fact in facts] == [
            ("¥38,000.00", "培训"), ("¥36,000.00", "HT-2026-001"), ("二十位经理", ""),
        ]  # fmt: skip

    def test_search_follows_a_new_title_and_knows_pinyin(self, house, signed):
        opportunity, _contract = signed
        with house.acting(house.trainer) as session:
            row = session.get(type(opportunity), opportunity.id)
            row.title = "\u9886\u5bfc\u529b\u57f9\u8bad"
        with house.acting(house.trainer) as session:
            actor = house.actor(house.trainer)
            for words in ("\u9886\u5bfc", "lingdaoli", "ldl"):
                assert [hit.label for hit in panels.find(session, actor, words, 5)] == [row.title], words
            assert panels.find(session, actor, "leadership", 5) == []

    def test_search_finds_title_and_number(self, house, signed):
        actor = house.actor(house.trainer)
        with house.acting(house.trainer) as session:
            assert panels.find(session, actor, "leadership", 5)[0].label == "Leadership training"
            assert panels.find(session, actor, "ht-2026", 5)[0].detail == house.customer.name
            assert panels.find(session, actor, "2026", 5)[0].label == "Leadership training"
            assert panels.find(session, actor, "100%", 5) == []
            assert panels.find(session, actor, "x", 5) == []


def test_what_is_renamed_is_found_by_its_new_words_only(house, signed):
    opportunity, contract = signed

    def found(text):
        with house.acting(house.trainer) as session:
            return {key for key, _title, _name in queries.find(session, house.actor(house.trainer), text, 10)}

    assert found("leadership") == found("HT-2026-001") == {opportunity.id}
    with house.runtime.database.system_session("test") as session:
        session.get_one(Opportunity, opportunity.id).title = "销售培训"
        session.get_one(Contract, contract.id).number = "Z-77"
    assert found("leadership") == found("HT-2026-001") == found("!?") == set()
    assert found("销售") == found("xspx") == found("xsp") == found("z77") == {opportunity.id}
    assert (found("px"), found("xs")) == ({opportunity.id}, set())  # two letters: initials to the end, no beginnings
    with house.runtime.database.system_session("test") as session:
        session.delete(session.get_one(Contract, contract.id))
    assert (found("z77"), found("xspx")) == (set(), {opportunity.id})
