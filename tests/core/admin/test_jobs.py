"""The pages for background work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.admin import keeping, services
from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow


@pytest.fixture
def job(runtime, factory):
    """`job(user, state=…)`: a row of background work."""

    def make(user=None, **values):
        with runtime.database.system_session("test") as session:
            job_id = enqueue(session, "users.tidy", user_id=user.id if user else None)
            row = session.get_one(JobRow, job_id)
            for name, value in values.items():
                setattr(row, name, value)
        return job_id

    return make


def test_the_page_shows_state_progress_and_who(browser, factory, job, count_queries):
    user = factory.user(name="Somebody busy")
    job(user, state="running", done=40, total=100)
    failed = job(state="failed", message="ValueError")
    admin = browser.sign_in(factory.user("system_admin"))
    with count_queries(at_most=12):
        page = admin.get("/settings/jobs").text
    assert "Somebody busy" in page
    assert "40/100" in page
    assert f"/settings/jobs/{failed}/retry" in page
    assert "ValueError" not in admin.get("/settings/jobs?state=running").text
    assert browser.sign_in(user).get("/settings/jobs").status_code == 403


def test_a_failed_job_runs_again(runtime, browser, factory, job):
    failed = job(state="failed", attempts=5, message="ValueError")
    admin = browser.sign_in(factory.user("system_admin"))
    assert admin.post(f"/settings/jobs/{failed}/retry", {}).status_code == 303
    assert failed in runtime.jobs.due()
    assert runtime.jobs.run(failed)
    assert factory.read(JobRow, failed).state == "done"
    assert admin.post(f"/settings/jobs/{failed}/retry", {}).status_code == 409
    with pytest.raises(Conflict), runtime.database.system_session("test") as session:
        services.retry_job(session, None, failed)


def test_ones_own_job_shows_a_bar_until_it_ends(runtime, browser, factory, job):
    user = factory.user()
    mine = job(user, state="running", done=3, total=10)
    inside = browser.sign_in(user)
    bar = inside.get(f"/jobs/{mine}/bar", htmx=True)
    assert 'hx-trigger="every 1s"' in bar.text
    assert "<html" not in bar.text
    assert "hx-trigger" not in bar.headers
    assert inside.get(f"/jobs/{mine}").status_code == 200
    with runtime.database.system_session("test") as session:
        session.get_one(JobRow, mine).state = "done"
    bar = inside.get(f"/jobs/{mine}/bar", htmx=True)
    assert "every 1s" not in bar.text
    assert bar.headers["hx-trigger"] == "job-ended"
    other = browser.sign_in(factory.user())
    assert other.get(f"/jobs/{mine}").status_code == 404
    assert other.get(f"/jobs/{mine}/bar").status_code == 404
    assert browser.sign_in(factory.user("system_admin")).get(f"/jobs/{mine}").status_code == 200


def test_finished_work_is_forgotten_after_the_days_that_are_set(browser, runtime, factory, job, monkeypatch):
    user, admin = factory.user(), browser.sign_in(factory.user("system_admin"))

    def ended(state, days, user=None):
        moment = now() - timedelta(days=days)
        return job(user, state=state, not_before=moment, finished_at=moment)

    kept = [
        ended("done", 29, user), ended("done", 2), ended("failed", 300, user), job(user),
        job(state="running", not_before=now() - timedelta(days=400)),
    ]  # fmt: skip
    gone = [ended("done", 31, user), ended("cancelled", 31, user), ended("done", 4), ended("failed", 400)]
    assert admin.post("/settings/jobs/keep", {"days": "0"}).status_code == 422
    assert browser.sign_in(user).post("/settings/jobs/keep", {"days": "30"}).status_code == 403
    assert admin.post("/settings/jobs/keep", {"days": "30"}).status_code == 303
    assert 'value="30"' in admin.get("/settings/jobs").text
    monkeypatch.setattr(keeping, "_SLICE", 2)
    with runtime.database.system_session("test") as session:
        itself = enqueue(session, "admin.forget_jobs")
    assert runtime.jobs.run(itself)
    with runtime.database.system_session("look", write=False) as session:
        left = set(session.scalars(select(JobRow.id)))
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "admin.keep_jobs")).one()
    assert (left & set(kept), left & set(gone)) == (set(kept), set())
    assert (line.before, line.after) == ({"days": 90}, {"days": 30})
