from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from baton_plugins.opportunities import contracts, panels
from baton_plugins.opportunities.forms import ContractInput
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from sqlalchemy import select

from platform_core.api import Invalid, TimelineQuery, now, today
from platform_core.kernel.i18n import speaking

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def contract_form(**fields):
    values = {
        "number": "HT-2026-001", "signed_on": today().isoformat(), "amount": "38,000", "term": "two years",
        "starts_on": "", "ends_on": "",
    }  # fmt: skip
    return {**values, **fields}


@pytest.fixture
def signed(house, pdf):
    opportunity = house.taken()
    return opportunity, house.sign(house.trainer, opportunity, pdf)


class TestCreating:
    def test_the_form_names_the_route(self, house, browser):
        answer = browser.sign_in(house.collector).get(f"/opportunities/new/{house.customer.id}")
        assert answer.status_code == 200
        assert "资料收集部 → 培训管理部 → 客户部" in answer.text

    def test_the_dialog_is_the_form_alone(self, house, browser):
        answer = browser.sign_in(house.collector).get(f"/opportunities/new/{house.customer.id}", htmx=True)
        assert "<html" not in answer.text
        assert 'name="title"' in answer.text

    def test_another_type_shows_its_route_or_a_choice_of_department(self, house, browser):
        answer = browser.sign_in(house.collector).get("/opportunities/route?project_type=headhunting", htmx=True)
        assert 'name="department_id"' in answer.text
        assert "培训管理部" in answer.text

    def test_after_saving_the_dialog_offers_to_hand_over(self, house, browser):
        form = {"title": "领导力培训", "project_type": "training", "expected_value": "￥３８,０００"}
        answer = browser.sign_in(house.collector).post(f"/opportunities/new/{house.customer.id}", form, htmx=True)
        assert answer.status_code == 200
        opportunity = queries_of(house)[0]
        assert f"/engagements/{opportunity.engagement_id}/hand-over" in answer.text
        assert "培训管理部" in answer.text
        assert opportunity.expected_value == 38000

    def test_without_a_script_saving_leads_to_the_opportunity(self, house, browser):
        form = {"title": "领导力培训", "project_type": "training"}
        me = browser.sign_in(house.collector)
        answer = me.post(f"/opportunities/new/{house.customer.id}", form)
        assert answer.status_code == 303
        page = me.get(answer.headers["location"])
        assert f"/engagements/{queries_of(house)[0].engagement_id}/hand-over" in page.text

    def test_refused_input_stays_in_the_form_and_nothing_is_kept(self, house, browser):
        form = {"title": "领导力培训", "project_type": "headhunting", "need": "二十位经理", "expected_value": "-5"}
        answer = browser.sign_in(house.collector).post(f"/opportunities/new/{house.customer.id}", form, htmx=True)
        assert answer.status_code == 422
        assert "二十位经理" in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert queries_of(house) == []

    def test_sending_twice_creates_one(self, house, browser):
        form = {"title": "领导力培训", "project_type": "training", "_key": uuid4().hex}
        me = browser.sign_in(house.collector)
        for _ in range(2):
            assert me.post(f"/opportunities/new/{house.customer.id}", form).status_code == 303
        assert len(queries_of(house)) == 1

    def test_a_foreign_customer_does_not_exist(self, house, browser):
        assert browser.sign_in(house.colleague).get(f"/opportunities/new/{house.customer.id}").status_code == 404


def queries_of(house):
    with house.runtime.database.system_session("test", write=False) as session:
        return session.scalars(select(Opportunity)).all()


class TestContract:
    def test_signing_wins_and_leads_back(self, house, browser):
        opportunity = house.taken()
        answer = browser.sign_in(house.trainer).post(
            f"/opportunities/{opportunity.id}/contract",
            contract_form(_key=uuid4().hex),
            files={"file": ("合同.pdf", PDF, "application/pdf")},
        )
        assert answer.status_code == 303, answer.text
        assert house.factory.read(Opportunity, opportunity.id).stage == "won"
        page = browser.sign_in(house.trainer).get(answer.headers["location"])
        assert "HT-2026-001" in page.text
        assert "合同.pdf" in page.text
        assert "¥38,000.00" in page.text

    def test_a_wrong_file_type_keeps_the_texts_and_asks_for_the_file_again(self, house, browser):
        opportunity = house.taken()
        answer = browser.sign_in(house.trainer).post(
            f"/opportunities/{opportunity.id}/contract",
            contract_form(term="两年四期"),
            files={"file": ("合同.exe", b"MZ", "application/pdf")},
            htmx=True,
        )
        assert answer.status_code == 422
        assert "两年四期" in answer.text
        assert 'value="HT-2026-001"' in answer.text
        assert "choose the file again" in answer.text
        assert 'aria-describedby="f-file-error' in answer.text
        assert house.factory.read(Opportunity, opportunity.id).stage == "open"

    def test_other_mistakes_say_that_the_file_is_gone(self, house, browser):
        opportunity = house.taken()
        answer = browser.sign_in(house.trainer).post(
            f"/opportunities/{opportunity.id}/contract",
            contract_form(amount="-1", starts_on="2026-05-01", ends_on="2026-04-01"),
            files={"file": ("合同.pdf", PDF, "application/pdf")},
            htmx=True,
        )
        assert answer.status_code == 422
        assert "choose the file again" in answer.text
        assert "The end lies before the start." in answer.text
        assert "cannot be negative" in answer.text

    def test_without_a_file_nothing_was_dropped(self, house, browser):
        opportunity = house.taken()
        answer = browser.sign_in(house.trainer).post(
            f"/opportunities/{opportunity.id}/contract", contract_form(), files={"file": ("", b"")}, htmx=True
        )
        assert answer.status_code == 422
        assert "Choose the file of the signed contract." in answer.text
        assert "choose the file again" not in answer.text

    def test_correcting_without_a_new_file(self, house, browser, signed):
        _opportunity, contract = signed
        me = browser.sign_in(house.trainer)
        page = me.get(f"/opportunities/contracts/{contract.id}/edit")
        version = re.search(r'name="version" value="(\d+)"', page.text)[1]
        answer = me.post(
            f"/opportunities/contracts/{contract.id}/edit",
            contract_form(number="HT-9", version=version),
            files={"file": ("", b"")},
        )
        assert answer.status_code == 303, answer.text
        assert house.factory.read(Contract, contract.id).number == "HT-9"
        stale = me.post(
            f"/opportunities/contracts/{contract.id}/edit",
            contract_form(number="HT-10", version=version),
            files={"file": ("", b"")},
            htmx=True,
        )
        assert stale.status_code == 409
        assert 'value="HT-10"' in stale.text

    def test_the_file_is_downloaded_by_those_with_a_part_only(self, house, browser, signed):
        _, contract = signed
        url = f"/customers/{house.customer.id}/files/{contract.attachment_id}"
        assert browser.sign_in(house.trainer).get(url).content == PDF
        assert browser.sign_in(house.collector).get(url).status_code == 200
        assert browser.sign_in(house.colleague).get(url).status_code == 404


class TestReading:
    def test_list_shows_rows_and_totals(self, house, browser):
        house.opportunity()
        house.opportunity(title="Second", expected_value=Decimal(1000), probability=10, expected_on=today())
        answer = browser.sign_in(house.collector).get("/opportunities")
        assert "Leadership training" in answer.text
        assert "¥39,000.00" in answer.text
        assert "¥19,100.00" in answer.text  # 38000 at 50 % and 1000 at 10 %

    @pytest.mark.parametrize(
        ("query", "shown"),
        [("view=won", False), ("f=type:is:training", True), ("f=type:is:headhunting", False), ("view=mine", True)],
    )
    def test_filters(self, house, browser, query, shown):
        house.opportunity()
        assert ("Leadership training" in browser.sign_in(house.collector).get(f"/opportunities?{query}").text) is shown

    def test_pages_follow_each_other_without_gaps(self, house, browser):
        with house.runtime.database.system_session("test") as session:
            kind = session.scalars(select(ProjectType.id).where(ProjectType.code == "training")).one()
            moment = now()
            session.add_all(
                Opportunity(
                    customer_id=house.customer.id,
                    project_type_id=kind,
                    title=f"No {number:03}",
                    updated_at=moment - timedelta(seconds=number // 3),
                )
                for number in range(107)
            )
        me = browser.sign_in(house.collector)
        url, seen = "/opportunities", []
        while url:
            text = me.get(url).text
            seen += re.findall(r"<b>(No \d{3})</b>", text)
            following = re.search(r'rel="next" href="([^"]+)"', text)
            url = following[1].replace("&amp;", "&") if following else ""
        assert len(seen) == len(set(seen)) == 107

    def test_pages_stay_within_their_statements(self, house, browser, count_queries, signed):
        opportunity, contract = signed
        me = browser.sign_in(house.trainer)
        for url in (
            "/opportunities",
            f"/opportunities/{opportunity.id}",
            f"/opportunities/{opportunity.id}/edit",
            f"/opportunities/contracts/{contract.id}/edit",
        ):
            with count_queries(at_most=12):
                assert me.get(url).status_code == 200, url

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_every_page_renders(self, house, browser, signed, language):
        opportunity, contract = signed
        manager = house.factory.user("management", language=language)
        me = browser.sign_in(manager)
        fresh = house.opportunity(title="Open one")
        for url in (
            "/opportunities",
            "/opportunities?view=lost",
            f"/opportunities/new/{house.customer.id}",
            f"/opportunities/{opportunity.id}",
            f"/opportunities/{fresh.id}?created=1",
            f"/opportunities/{fresh.id}/edit",
            f"/opportunities/{fresh.id}/lost",
            f"/opportunities/{fresh.id}/contract",
            f"/opportunities/contracts/{contract.id}/edit",
            "/settings/project-types",
            "/settings/project-types/new",
        ):
            answer = me.get(url)
            assert answer.status_code == 200, (url, answer.text[-800:])
            assert ("商机" if language == "zh" else "pportunit") in answer.text

    def test_colleagues_without_a_part_see_nothing(self, house, browser, signed):
        opportunity, contract = signed
        other = browser.sign_in(house.colleague)
        for path in ("", "/edit", "/lost", "/contract"):
            assert other.get(f"/opportunities/{opportunity.id}{path}").status_code == 404
        assert other.get(f"/opportunities/contracts/{contract.id}/edit").status_code == 404
        text = other.get("/opportunities").text
        assert "Leadership training" not in text
        assert "¥38,000.00" not in text
        with house.acting(house.colleague) as session:
            actor = house.actor(house.colleague)
            assert panels.find(session, actor, "Leadership", 5) == []
            assert panels.find(session, actor, "HT-2026", 5) == []
            assert panels.baton_customer_timeline(session, actor, TimelineQuery(house.customer.id, 20)) == []
            assert panels.baton_engagement_summary(session, actor, opportunity.engagement_id) == []

    def test_a_role_without_the_right_sees_nothing_either(self, house, signed):
        from dataclasses import replace

        assert signed
        manager = house.actor(house.manager)
        blind = replace(
            manager, grants={key: value for key, value in manager.grants.items() if key != "opportunities.view"}
        )
        with house.runtime.database.actor_session(blind) as session:
            assert session.scalars(select(Opportunity)).all() == []
            assert session.scalars(select(Contract)).all() == []
            assert panels.baton_customer_facts(session, blind, house.customer) == []


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

    def test_search_finds_title_and_number(self, house, signed):
        actor = house.actor(house.trainer)
        with house.acting(house.trainer) as session:
            assert panels.find(session, actor, "leadership", 5)[0].label == "Leadership training"
            assert panels.find(session, actor, "ht-2026", 5)[0].detail == house.customer.name
            assert panels.find(session, actor, "100%", 5) == []
            assert panels.find(session, actor, "x", 5) == []


class TestLost:
    def test_asks_for_the_reason_and_offers_to_reopen(self, house, browser):
        opportunity = house.opportunity()
        me = browser.sign_in(house.collector)
        assert me.post(f"/opportunities/{opportunity.id}/lost", {"reason": ""}, htmx=True).status_code == 422
        assert me.post(f"/opportunities/{opportunity.id}/lost", {"reason": "预算取消"}).status_code == 303
        assert "预算取消" in me.get(f"/opportunities/{opportunity.id}").text
        assert me.get(f"/opportunities/{opportunity.id}/lost").status_code == 409
        assert me.post(f"/opportunities/{opportunity.id}/reopen", {}).status_code == 303
        assert house.factory.read(Opportunity, opportunity.id).stage == "open"


class TestEditing:
    def test_a_stale_form_shows_what_is_there_now_and_keeps_the_text(self, house, browser):
        opportunity = house.opportunity()
        me = browser.sign_in(house.collector)
        form = {"title": "First", "version": "1", "probability": "60"}
        assert me.post(f"/opportunities/{opportunity.id}/edit", form).status_code == 303
        answer = me.post(f"/opportunities/{opportunity.id}/edit", {**form, "title": "Second"}, htmx=True)
        assert answer.status_code == 409
        assert 'value="Second"' in answer.text
        assert "First" in answer.text
        assert 'name="version" value="2"' in answer.text


class TestProjectTypes:
    def test_admins_add_and_change_types(self, house, browser):
        me = browser.sign_in(house.manager)
        form = {"code": "media", "name": "媒体投放", "route_id": str(house.route.id), "active": "1", "order": "30"}
        assert me.post("/settings/project-types/new", form).status_code == 303
        text = me.get("/settings/project-types").text
        assert "媒体投放" in text
        assert "资料收集部 → 培训管理部" in text
        again = me.post("/settings/project-types/new", {**form, "code": "A b"}, htmx=True)
        assert again.status_code == 422
        assert "媒体投放" in again.text

    def test_others_may_not(self, house, browser):
        assert browser.sign_in(house.collector).get("/settings/project-types").status_code == 403
