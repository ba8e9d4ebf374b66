from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import select

from platform_core.api import today


@pytest.fixture
def carol(house, browser):
    return browser.sign_in(house.people["collector"])


def compose(house, **fields):
    return {
        "customer_id": str(house.customer.id),
        "place": "panel",
        "kind": "call",
        "body": "Asked for dates.",
        **fields,
    }


def test_customer_page_has_composer_plans_facts_and_timeline(house, carol):
    house.plan("collector", "Send the course list")
    house.log("collector", "They asked for dates.", outcome="interested")
    html = carol.get(f"/customers/{house.customer.id}").text
    assert 'id="composer"' in html
    assert 'data-key="f"' in html
    assert f'data-draft="customer:{house.customer.id}"' in html
    assert 'id="activities-plans"' in html
    assert "Send the course list" in html
    assert "They asked for dates." in html
    assert "Next plan" in html
    assert "Last contact" in html
    assert f'hx-get="/follow-ups/new?customer={house.customer.id}"' in html


def test_activities_add_at_most_four_statements_to_the_customer_page(house, carol, count_queries):
    engagement_id = house.open()
    house.plan("collector", engagement_id=engagement_id)
    house.log("collector", outcome="interested", engagement_id=engagement_id)
    url = f"/customers/{house.customer.id}"
    carol.get(url)
    with count_queries(at_most=12) as sent:
        assert carol.get(url).status_code == 200
    # Contacts are read for the composer alone: the page fetches its own panel of them later.
    # One statement counts for the whole navigation, among it the plans that are due.
    sent = [statement for statement in sent if " AS inbox" not in statement]
    own = [statement for statement in sent if re.search(r"FROM (activities_\w+|customers_contact) ", statement)]
    assert len(own) <= 4, "\n".join(own)


def test_saving_answers_with_a_fresh_composer_and_the_changed_pieces(house, carol):
    answer = carol.post("/follow-ups", compose(house, outcome="considering"), htmx=True)
    assert answer.status_code == 200
    assert 'id="composer"' in answer.text
    assert '<hx-partial hx-target="#timeline-new" hx-swap="afterbegin">' in answer.text
    assert '<hx-partial hx-target="#activities-plans" hx-swap="outerHTML">' in answer.text
    assert "Saved. Next plan:" in answer.text
    composer, line = answer.text.split("<hx-partial", 2)[:2]
    assert "Asked for dates." in line
    assert ">\n</textarea>" in composer, "the fresh composer is empty"


def test_saving_works_without_a_script(house, carol):
    answer = carol.post("/follow-ups", compose(house, place="page"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/customers/{house.customer.id}")
    assert house.bodies("collector") == ["Asked for dates."]


def test_a_refused_form_keeps_everything_that_was_typed(house, carol):
    yesterday = (today() - timedelta(days=1)).isoformat()
    typed = compose(
        house, body="Budget <38,000>.", outcome="interested", status="following", next="date", next_on=yesterday
    )
    answer = carol.post("/follow-ups", typed, htmx=True)
    assert answer.status_code == 422
    assert "This date has passed." in answer.text
    assert "Budget &lt;38,000&gt;." in answer.text
    assert 'value="interested" checked' in answer.text
    assert '<option value="following" selected>' in answer.text
    assert f'value="{yesterday}"' in answer.text
    assert re.search(r'name="next_on"[^>]*aria-invalid="true"', answer.text)
    assert "<html" not in answer.text
    assert house.bodies("collector") == []


def test_a_blank_text_is_marked(house, carol):
    answer = carol.post("/follow-ups", compose(house, body="  "), htmx=True)
    assert answer.status_code == 422
    assert re.search(r'name="body"[^>]*aria-invalid="true"', answer.text)


def test_a_repeated_post_writes_once(house, carol):
    typed = compose(house, _key="k1")
    carol.post("/follow-ups", typed, htmx=True)
    carol.post("/follow-ups", typed, htmx=True)
    assert house.bodies("collector") == ["Asked for dates."]


def test_the_only_engagement_and_the_due_plan_are_preselected(house, carol):
    engagement_id = house.open()
    plan = house.plan("collector", engagement_id=engagement_id)
    later = house.plan("collector", "Later", on=today() + timedelta(days=9))
    html = carol.get(f"/follow-ups/new?customer={house.customer.id}", htmx=True).text
    assert f'<option value="{engagement_id}" selected>' in html
    assert f'<option value="{plan.id}" selected>' in html
    assert f'<option value="{later.id}">' in html


def test_sheet_is_a_fragment_and_a_page(house, carol):
    url = f"/follow-ups/new?customer={house.customer.id}"
    assert "<html" not in carol.get(url, htmx=True).text
    assert 'id="composer-page"' in carol.get(url).text


@pytest.mark.parametrize(("language", "word"), [("zh", "保存跟进"), ("en", "Save follow-up")])
def test_the_composer_speaks_both_languages(house, browser, factory, language, word):
    user = factory.user(department=house.departments["collect"], language=language)
    customer = factory.customer(user)
    html = browser.sign_in(user).get(f"/follow-ups/new?customer={customer.id}").text
    assert word in html


def test_a_foreign_customer_is_not_there(house, browser):
    stranger = browser.sign_in(house.people["trainer"])
    plan = house.plan("collector")
    follow_up = house.log("collector")
    assert stranger.post("/follow-ups", compose(house), htmx=True).status_code == 404
    for url in (
        f"/follow-ups/new?customer={house.customer.id}",
        f"/follow-ups/{follow_up.id}/edit",
        f"/follow-ups/{follow_up.id}/versions",
        f"/plans/new?customer={house.customer.id}",
        f"/plans/{plan.id}/finish",
        f"/plans/{plan.id}/move",
        f"/plans/{plan.id}/row",
    ):
        assert stranger.get(url).status_code == 404, url
    for verb in ("finish", "move", "cancel", "reopen"):
        data = {"body": "x", "on": today().isoformat()}
        assert stranger.post(f"/plans/{plan.id}/{verb}", data).status_code == 404, verb


def test_readers_get_no_composer(house, browser):
    html = browser.sign_in(house.people["finance"]).get(f"/customers/{house.customer.id}").text
    assert 'id="activities-plans"' in html
    assert 'id="composer"' not in html
    assert "/plans/new" not in html


def test_a_plan_is_made_moved_cancelled_and_taken_up_again(house, carol):
    day = today() + timedelta(days=2)
    data = {
        "customer_id": str(house.customer.id),
        "subject": "Visit",
        "on": day.isoformat(),
        "time": "10:30",
        "kind": "visit",
    }
    answer = carol.post("/plans", data, htmx=True)
    assert answer.headers["hx-trigger"] == "dialog-close"
    assert "Visit" in answer.text
    with house.as_("collector") as (session, _actor):
        plan_id = session.scalars(select(Plan.id)).one()
    refused = carol.post(f"/plans/{plan_id}/move", {"on": "2020-01-01"}, htmx=True)
    assert refused.status_code == 422
    assert "This date has passed." in refused.text
    carol.post(f"/plans/{plan_id}/move", {"on": (day + timedelta(days=1)).isoformat(), "time": ""}, htmx=True)
    assert house.read_plan(plan_id).all_day
    cancelled = carol.post(f"/plans/{plan_id}/cancel", {}, htmx=True)
    assert f'hx-post="/plans/{plan_id}/reopen"' in cancelled.text
    assert "Nothing planned." in cancelled.text
    carol.post(f"/plans/{plan_id}/reopen", {}, htmx=True)
    assert house.read_plan(plan_id).state == "open"


def test_the_form_for_a_plan_shows_what_others_have_planned(house, browser):
    house.plan("collector", "Carol's call")
    head = browser.sign_in(house.people["collect_head"])
    html = head.get(f"/plans/new?customer={house.customer.id}", htmx=True).text
    assert "Already planned with this customer" in html
    assert "Carol's call" in unescape(html)


def test_finishing_in_a_row_replaces_the_row(house, carol):
    plan = house.plan("collector")
    opened = carol.get(f"/plans/{plan.id}/finish?place=row", htmx=True)
    assert opened.text.lstrip().startswith("<li")
    assert 'class="inlinelog"' in opened.text
    refused = carol.post(f"/plans/{plan.id}/finish", {"place": "row", "body": ""}, htmx=True)
    assert refused.status_code == 422
    assert refused.text.lstrip().startswith("<li")
    done = carol.post(f"/plans/{plan.id}/finish", {"place": "row", "body": "Agreed.", "outcome": "agreed"}, htmx=True)
    assert done.status_code == 200
    assert f'<li id="plan-{plan.id}">' in done.text
    assert "Saved. Next plan:" in done.text


def test_whoever_is_late_keeps_what_they_typed(house, carol):
    plan = house.plan("collector")
    house.finish("collect_head", plan.id)
    answer = carol.post(f"/plans/{plan.id}/finish", {"place": "dialog", "body": "My long notes."}, htmx=True)
    assert answer.status_code == 409
    assert "Hanna has already written down the result" in answer.text
    assert "My long notes." in answer.text
    assert house.bodies("collector") == ["Done."]


def test_my_plans_are_listed_by_keyset_within_the_budget(house, carol, count_queries):
    with house.as_("collector") as (session, actor):
        for number in range(60):
            session.add(
                Plan(
                    customer_id=house.customer.id, assignee_id=actor.user_id, subject=f"Number {number:02}",
                    due_at=house.customer.created_at + timedelta(days=1, minutes=number),
                )
            )  # fmt: skip
    carol.get("/plans")
    with count_queries(at_most=6):
        first = carol.get("/plans").text
    assert "Number 49" in first
    assert "Number 50" not in first
    url = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = carol.get(url).text
    assert "Number 50" in second
    assert "Number 49" not in second
    assert "Number 00" not in carol.get("/plans?due=overdue").text


def test_corrections_show_the_earlier_text(house, carol):
    follow_up = house.log("collector", "Four people.")
    url = f"/follow-ups/{follow_up.id}"
    assert "Four people." in carol.get(f"{url}/edit", htmx=True).text
    answer = carol.post(
        f"{url}/edit", {"body": "Five people.", "kind": "call", "version": follow_up.version}, htmx=True
    )
    assert "timeline-changed" in answer.headers["hx-trigger"]
    html = carol.get(f"{url}/versions").text
    assert html.index("Five people.") < html.index("Four people.")
    page = carol.get(f"/customers/{house.customer.id}").text
    assert f"{url}/versions" in page
    assert "Four people." not in page


def test_a_stale_correction_keeps_its_text(house, carol):
    follow_up = house.log("collector", "Four people.")
    stale = {"body": "Five people.", "version": follow_up.version + 1}
    answer = carol.post(f"/follow-ups/{follow_up.id}/edit", stale, htmx=True)
    assert answer.status_code == 409
    assert "Five people." in answer.text


def test_outcomes_are_set_in_the_settings(house, browser):
    office = browser.sign_in(house.factory.user("office"))
    assert "Considering" in office.get("/settings/outcomes").text or "需考虑" in office.get("/settings/outcomes").text
    form = {"status": "following", "next_in": "7d", "next_kind": "visit"}
    assert office.post("/settings/outcomes/considering", form).status_code == 303
    follow_up = house.log("collector", outcome="considering")
    assert follow_up.new_status == "following"
    assert house.read_plan(follow_up.next_plan_id).kind == "visit"
    assert office.post("/settings/outcomes/considering", {"next_in": "soon"}).status_code == 422
    assert office.post("/settings/outcomes/considering", {"status": "sold_out"}).status_code == 422
    assert office.post("/settings/outcomes/sold_out", form).status_code == 404
    assert browser.sign_in(house.people["collector"]).get("/settings/outcomes").status_code == 403


def test_every_look_is_audited(house, carol, session):
    from platform_core.audit.models import AuditEntry

    plan, follow_up = house.plan("collector"), house.log("collector")
    for url in (
        "/plans",
        f"/plans/new?customer={house.customer.id}",
        f"/plans/{plan.id}/finish",
        f"/plans/{plan.id}/move",
        f"/follow-ups/new?customer={house.customer.id}",
        f"/follow-ups/{follow_up.id}/edit",
        f"/follow-ups/{follow_up.id}/versions",
    ):
        before = len(session.scalars(select(AuditEntry.id)).all())
        session.rollback()
        assert carol.get(url).status_code == 200
        assert len(session.scalars(select(AuditEntry.id)).all()) == before + 1, url
        session.rollback()


def test_follow_ups_of_hidden_matters_are_on_no_page(house, browser):
    engagement_id = house.open()
    house.log("collector", "They pay at most 30,000.", engagement_id=engagement_id)
    house.customer = house.factory.customer(house.people["other_collector"])
    html = browser.sign_in(house.people["other_collector"]).get(f"/customers/{house.customer.id}").text
    assert "30,000" not in html
    with house.as_("other_collector") as (session, _actor):
        assert session.scalars(select(FollowUp)).all() == []
