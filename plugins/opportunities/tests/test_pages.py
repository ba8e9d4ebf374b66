from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from baton_plugins.opportunities import panels
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from sqlalchemy import select

from platform_core.api import TimelineQuery, now, today

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def contract_form(**fields):
    values = {
        "number": "HT-2026-001", "signed_on": today().isoformat(), "amount": "38,000", "term": "two years",
        "starts_on": "", "ends_on": "",
    }  # fmt: skip
    return {**values, **fields}


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
