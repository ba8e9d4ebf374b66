"""Watching calls without locking them: what is late is stopped, what is over is left alone, nothing stays behind."""

from __future__ import annotations

import threading
import time
from random import Random

import pytest

from platform_core.plugins import watch as watching
from platform_core.plugins.faults import StoppedError
from platform_core.plugins.watch import STRIKES, RestingError, Timing, Watch

_LIMIT = 0.004


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Looks often, so that many calls end while they are being stopped."""
    monkeypatch.setattr(watching, "_LOOK_EVERY", 0.0005)
    return Watch(budget=60, limit=_LIMIT, crowd=4)


def spin(seconds: float) -> str:
    """Busy, and where it can be stopped at any moment."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    return "done"


def test_calls_that_end_while_they_are_being_stopped_leave_nothing_behind(watch: Watch) -> None:
    """An exception that arrives after its call would hit whatever the thread does next."""
    timing, inner = watch.timing("specimen", "baton_customer_facts"), watch.timing("specimen", "helper")
    ended: list[str] = []
    strays: list[BaseException] = []

    asked: list[float] = []
    begun: list[float] = []

    def within(seconds: float) -> str:
        begun.append(seconds)
        return spin(seconds)

    def nested(seconds: float) -> str:
        asked.append(seconds)
        return watch.call(inner, within, seconds, must=True)

    def work(number: int) -> None:
        random = Random(number)
        try:
            for turn in range(60):
                try:
                    told = watch.call(timing, nested if turn % 2 else spin, random.uniform(0, 4 * _LIMIT), must=True)
                except StoppedError:
                    told = "stopped"
                ended.append(told)
                spin(_LIMIT)
        except StoppedError as error:
            strays.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not strays
    assert set(ended) == {"done", "stopped"}
    assert len(ended) == timing.calls == 240
    # On a busy machine the outer call can be stopped just before or within the registering of the inner one.
    assert 0 < len(begun) <= inner.calls <= len(asked) <= 120
    assert not timing.running
    assert not inner.running


def test_a_call_that_raises_is_counted_and_raises(watch: Watch) -> None:
    timing = watch.timing("specimen", "baton_customer_facts")
    with pytest.raises(ValueError, match="could not convert"):
        watch.call(timing, float, "oh")
    assert (timing.calls, timing.faults, timing.running) == (1, 1, {})
    assert watch.call(timing, float, "1") == 1.0
    assert (timing.calls, timing.faults, timing.strikes) == (2, 1, 0)
    assert watch.timing("specimen", "baton_customer_facts") is timing


def test_after_too_many_late_calls_it_rests_and_then_one_at_a_time_tries(watch: Watch) -> None:
    timing = watch.timing("specimen", "baton_customer_facts")
    for _strike in range(STRIKES):
        with pytest.raises(StoppedError):
            watch.call(timing, spin, 5.0)
    assert timing.resting
    with pytest.raises(RestingError):
        watch.call(timing, spin, 0.0)
    assert watch.call(timing, spin, 0.0, must=True) == "done"  # and it was in time: the rest is over
    assert not timing.resting
    timing.strikes, timing.resting_until = STRIKES, time.monotonic() - 1
    with pytest.raises(StoppedError):
        watch.call(timing, _while_trying, watch, timing)
    assert timing.left_out == 2
    assert timing.resting


def _while_trying(watch: Watch, timing: Timing) -> None:
    with pytest.raises(RestingError):
        watch.call(timing, spin, 0.0)
    spin(5.0)


def test_who_has_a_limit_of_their_own_has_that_budget(caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch(budget=0.001, limit=1, crowd=4)
    watch.call(watch.timing("specimen", "baton_prepare"), spin, 0.02, limit=5.0)
    assert not caplog.text
    watch.call(watch.timing("specimen", "baton_customer_facts"), spin, 0.02)
    assert "make it lazy" in caplog.text
