"""Jobs: claimed once, retried, taken over from the dead, never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from platform_core.app import Runtime
from platform_core.contracts.events import Job
from platform_core.kernel.broker import WakeUps
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.jobs import JobContext, JobFailedError, JobRunner, LostLeaseError, enqueue
from platform_core.kernel.models import JobRow
from platform_core.kernel.scheduler import Scheduler
from platform_core.testing.factories import Factory

MakeRunner = Callable[..., JobRunner]


@pytest.fixture
def make_runner(runtime: Runtime) -> MakeRunner:
    def make(run: Callable[[JobContext], None], **options: Any) -> JobRunner:
        job = Job("test.job", run, **options)
        return JobRunner(runtime.database, {job.name: job}.get, runtime.hooks.load_actor)

    return make


def add(runtime: Runtime, **arguments: Any) -> UUID:
    with runtime.database.system_session("test") as session:
        return enqueue(session, "test.job", arguments)


def row(factory: Factory, job_id: UUID) -> JobRow:
    found = factory.read(JobRow, job_id)
    assert found is not None
    return found


def test_a_job_runs_once_and_is_done(runtime: Runtime, factory: Factory, make_runner: MakeRunner) -> None:
    seen: list[dict[str, Any]] = []
    runner = make_runner(lambda context: seen.append(context.arguments))
    job_id = add(runtime, number=1)
    assert runner.run(job_id)
    assert not runner.run(job_id)
    assert seen == [{"number": 1}]
    assert row(factory, job_id).state == "done"


def test_a_rolled_back_job_never_existed(runtime: Runtime, make_runner: MakeRunner) -> None:
    runner = make_runner(lambda context: None)
    with runtime.database._session({"system": "test"}, write=True) as session:
        enqueue(session, "test.job")
        session.rollback()
    assert runner.due() == []


def test_many_workers_claim_it_once(runtime: Runtime, make_runner: MakeRunner) -> None:
    runs: list[UUID] = []
    runner = make_runner(lambda context: runs.append(context.job_id))
    job_id = add(runtime)
    threads = [threading.Thread(target=runner.run, args=(job_id,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs == [job_id]


def test_a_failing_job_is_tried_again_later_then_given_up(
    runtime: Runtime, factory: Factory, make_runner: MakeRunner
) -> None:
    def fail(context: JobContext) -> None:
        raise LookupError("phone 13800000000")

    runner = make_runner(fail, max_attempts=2)
    job_id = add(runtime)
    runner.run(job_id)
    assert row(factory, job_id).state == "pending"
    assert runner.due() == []
    with freeze(now() + timedelta(hours=1)):
        assert runner.due() == [job_id]
        runner.run(job_id)
    assert row(factory, job_id).state == "failed"
    assert row(factory, job_id).message == "LookupError"


def test_a_refused_job_is_not_tried_again(runtime: Runtime, factory: Factory, make_runner: MakeRunner) -> None:
    def refuse(context: JobContext) -> None:
        raise JobFailedError("the file is gone")

    job_id = add(runtime)
    make_runner(refuse).run(job_id)
    assert (row(factory, job_id).state, row(factory, job_id).message) == ("failed", "the file is gone")


def test_a_dead_workers_job_is_taken_over_and_its_old_holder_stopped(
    runtime: Runtime, factory: Factory, make_runner: MakeRunner
) -> None:
    contexts: list[JobContext] = []
    job_id = add(runtime)
    with runtime.database.system_session("a worker claims it and dies") as session:
        session.execute(
            update(JobRow)
            .where(JobRow.id == job_id)
            .values(state="running", fence=1, lease_until=now() - timedelta(seconds=1))
        )
    runner = make_runner(contexts.append)
    assert runner.due() == [job_id]
    assert runner.run(job_id)
    old = JobContext(runtime.database, job_id, {}, 1, timedelta(seconds=60), None)
    with pytest.raises(LostLeaseError), runtime.database.system_session("test") as session:
        old.progress(session, 1, 2)
    assert contexts[0].fence == 2


def test_a_job_of_an_account_that_may_not_act_any_more_fails(
    runtime: Runtime, factory: Factory, make_runner: MakeRunner
) -> None:
    user = factory.user(status="frozen")
    with runtime.database.system_session("test") as session:
        job_id = enqueue(session, "test.job", user_id=user.id)
    ran: list[JobContext] = []
    make_runner(ran.append).run(job_id)
    assert ran == []
    assert row(factory, job_id).state == "failed"


def test_scheduled_jobs_are_enqueued_once_per_period_over_all_processes(runtime: Runtime) -> None:
    job = Job("test.nightly", lambda context: None, every_seconds=3600)
    schedulers = [Scheduler(runtime.database, lambda: [job]) for _ in range(3)]
    start = now()
    started = 0
    for minutes in range(0, 121, 10):
        with freeze(start + timedelta(minutes=minutes)):
            started += sum(scheduler.tick() for scheduler in schedulers)
    assert started == 2


@pytest.mark.parametrize("transport", ["memory", "redis"])
def test_wake_ups_reach_a_worker(
    runtime: Runtime, factory: Factory, make_runner: MakeRunner, redis_url: str, transport: str
) -> None:
    ran = threading.Event()
    runner = make_runner(lambda context: ran.set())
    wakeups = WakeUps(redis_url if transport == "redis" else None, runner.run)
    job_id = add(runtime)
    wakeups.start(threads=2)
    try:
        wakeups.send(job_id)
        assert ran.wait(10)
    finally:
        wakeups.stop()
