"""Numbers in the navigation: what waits, within the actor's scope, counted by one bounded statement."""

from __future__ import annotations

import re
from datetime import timedelta

from baton_plugins.activities.models import Plan

from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.permissions.models import Access
from platform_core.relay.models import Engagement, Leg
from platform_core.testing.queries import QueryCounter
from platform_core.users.models import Notification
from platform_core.web import badges


def badge(page: str, key: str) -> str | None:
    found = re.search(rf'<em class="n" id="badge-{key}"( hidden)?>([^<]*)<', page)
    assert found, f"no place for the number of {key}"
    assert bool(found[1]) == (found[2] == "")
    return found[2]


def plans(factory, user, customer, count, due=timedelta(0), state="open"):
    return [
        Plan(
            id=new_id(), customer_id=customer.id, assignee_id=user.id, department_id=user.department_id, kind="call",
            subject="x", due_at=now() + due, state=state,
        )
        for _number in range(count)
    ]  # fmt: skip


def offer(factory, customer, department, **fields):
    engagement = Engagement(id=new_id(), customer_id=customer.id, title="Course")
    factory.add(engagement)
    leg = Leg(
        id=new_id(), engagement_id=engagement.id, customer_id=customer.id, position=1, department_id=department.id,
        state="offered", offered_at=now(), **fields,
    )  # fmt: skip
    factory.add(leg)
    factory.add(
        Access(
            id=new_id(),
            kind="offer",
            customer_id=customer.id,
            engagement_id=engagement.id,
            leg_id=leg.id,
            department_id=department.id,
            user_id=fields.get("offered_to"),
        )
    )


def test_plans_due_and_batons_that_wait(factory, browser):
    department = factory.department()
    user, colleague = factory.user(department=department), factory.user(department=department)
    mine = factory.customer(user)
    foreign = factory.customer(factory.user(department=factory.department()))
    factory.add(
        *plans(factory, user, mine, 2), *plans(factory, user, mine, 1, timedelta(days=-3)),
        *plans(factory, user, mine, 5, timedelta(days=3)), *plans(factory, user, mine, 7, state="done"),
        *plans(factory, colleague, mine, 9), *plans(factory, user, foreign, 4),
    )  # fmt: skip
    offered = factory.customer(factory.user(department=factory.department()))
    offer(factory, offered, department)
    offer(factory, offered, factory.department())
    page = browser.sign_in(user).get("/customers").text
    assert badge(page, "plans") == "3"
    assert badge(page, "inbox") == "1"
    other = browser.sign_in(factory.user()).get("/").text
    assert (badge(other, "plans"), badge(other, "inbox")) == ("", "")


def test_counting_stops_at_a_hundred_and_takes_one_statement(factory, browser, runtime, count_queries):
    user = factory.user(department=factory.department())
    customer = factory.customer(user)
    factory.add(*plans(factory, user, customer, 130))
    factory.add(
        *(Notification(id=new_id(), user_id=user.id, domain="relay", message="x", at=now()) for _number in range(130))
    )
    signed_in = browser.sign_in(user)
    signed_in.get("/notifications")
    with count_queries(at_most=12):
        page = signed_in.get("/notifications").text
    assert badge(page, "plans") == "99+"
    assert '<em class="dot" aria-hidden="true">99+</em>' in page
    actor = factory.actor(user)
    items = list(runtime.manager.declared.navigation)
    with runtime.database.actor_session(actor) as session:
        counter = QueryCounter(runtime.database.engine)
        with counter(at_most=1):
            found = badges.counts(session, actor, items)
        counter.remove()
    assert (found["plans"], found["inbox"]) == (badges.MOST, 0)


def test_news_bring_the_numbers_along(factory, browser):
    user = factory.user(department=factory.department())
    factory.add(*plans(factory, user, factory.customer(user), 1))
    answer = browser.sign_in(user).get("/notifications/bell", htmx=True).text
    assert 'id="bell"' in answer
    assert '<hx-partial hx-target="#badge-plans"' in answer
    assert badge(answer, "plans") == "1"


def test_pages_of_errors_have_no_numbers(factory, browser):
    user = factory.user(department=factory.department())
    factory.add(*plans(factory, user, factory.customer(user), 1))
    page = browser.sign_in(user).get("/customers/01900000-0000-7000-8000-000000000000")
    assert page.status_code == 404
    assert "badge-plans" not in page.text


def test_a_plugin_that_is_off_counts_nothing(factory, browser, runtime):
    user = factory.user(department=factory.department())
    runtime.manager.enabled -= {"activities"}
    page = browser.sign_in(user).get("/customers").text
    assert "badge-plans" not in page
    assert badge(page, "inbox") == ""


def test_numbers_are_kept_for_a_moment_and_counted_anew_after_a_write(factory, browser):
    user = factory.user(department=factory.department())
    customer = factory.customer(user)
    factory.add(*plans(factory, user, customer, 1))
    signed_in = browser.sign_in(user)
    assert badge(signed_in.get("/customers").text, "plans") == "1"
    factory.add(*plans(factory, user, customer, 1))  # as another process would
    assert badge(signed_in.get("/customers").text, "plans") == "1"
    assert signed_in.post("/search", {"q": "x"}).status_code == 200
    assert badge(signed_in.get("/customers").text, "plans") == "2"
