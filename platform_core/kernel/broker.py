"""The transport of wake-ups: dramatiq on Redis, or dramatiq's in-memory broker on threads of this process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from uuid import UUID

import dramatiq
from dramatiq.brokers.stub import StubBroker

_log = logging.getLogger(__name__)
QUEUE = "baton"
_STALE = 60.0
"""Seconds after which nobody needs the news that a lane has work: whoever keeps the clock says so again."""


class WakeUps:
    """Sends job ids to workers and, where this process works itself, receives them.

    `lanes` are further queues with threads of their own, whose messages say nothing but "look": name -> what looks.
    """

    def __init__(
        self,
        redis_url: str | None,
        handle: Callable[[UUID], object],
        lanes: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        self._redis_url = redis_url
        self.broker = self._broker()

        def run_job(job_id: str) -> None:
            handle(UUID(job_id))

        self._actor = dramatiq.actor(actor_name="baton_job", queue_name=QUEUE, broker=self.broker)(run_job)
        # A broker for each: a worker of dramatiq takes every queue of its broker for its own.
        self._lanes = {lane: self._lane(lane, look, self._broker()) for lane, look in (lanes or {}).items()}
        self._workers: list[dramatiq.Worker] = []

    def _broker(self) -> dramatiq.Broker:
        made: dramatiq.Broker = _redis_broker(self._redis_url) if self._redis_url else StubBroker(middleware=[])
        made.emit_after("process_boot")
        return made

    def _lane(self, lane: str, look: Callable[[], object], broker: dramatiq.Broker) -> dramatiq.Actor[[float], None]:
        def run_lane(sent_at: float) -> None:
            if time.time() - sent_at < _STALE:
                look()

        return dramatiq.actor(actor_name=f"baton_{lane}", queue_name=f"{QUEUE}-{lane}", broker=broker)(run_lane)

    def send_lane(self, lane: str) -> None:
        """Losing it loses time, not messages."""
        try:
            self._lanes[lane].send(time.time())
        except Exception:
            _log.exception("could not wake the lane %s; the clock does it again", lane)

    def send(self, job_id: UUID) -> None:
        """Losing this loses time, not work; so a dead Redis must not fail the request that enqueued."""
        try:
            self._actor.send(str(job_id))
        except Exception:
            _log.exception("could not wake a worker; the sweep will find job %s", job_id)

    def start(self, threads: int, lanes: Mapping[str, int] | None = None) -> None:
        """`lanes`: which of them this process works on, with how many threads; 0 `threads` leaves jobs to others."""
        wanted = [(self.broker, threads), *((self._lanes[lane].broker, count) for lane, count in (lanes or {}).items())]
        for broker, number in wanted:
            if number:
                worker = dramatiq.Worker(broker, worker_threads=number, worker_timeout=200)
                self._workers.append(worker)
                worker.start()

    def stop(self) -> None:
        while self._workers:
            self._workers.pop().stop(timeout=5_000)
        for broker in (self.broker, *(actor.broker for actor in self._lanes.values())):
            broker.close()


def _redis_broker(url: str) -> dramatiq.Broker:
    from dramatiq.brokers.redis import RedisBroker  # noqa: PLC0415  the embedded default starts without it

    # With the defaults a killed worker's message comes back after minutes; so tuned, within seconds.
    broker: dramatiq.Broker = RedisBroker(  # type: ignore[no-untyped-call]
        url=url, middleware=[], heartbeat_timeout=10_000, maintenance_chance=200_000
    )
    return broker


class Ticker:
    """A thread that calls `tick` every `seconds` until stopped; one failure does not end it."""

    def __init__(self, name: str, seconds: float, tick: Callable[[], object]) -> None:
        self._stopping = threading.Event()
        self._seconds = seconds
        self._tick = tick
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._tick()
            except Exception:
                _log.exception("%s failed; trying again", self._thread.name)
            self._stopping.wait(self._seconds)
