"""Where too much is going on to recognise an agent or exchange, it is told to come back, not that it is unknown."""

from __future__ import annotations

import time


def test_a_report_that_nobody_can_recognise_just_now_is_to_come_again(house, monkeypatch):
    box = house.agent(("1", "carol"))
    timing = house.runtime.hooks.watch.timing("telephony", "baton_authenticate")
    with monkeypatch.context() as patch:
        patch.setattr(timing, "strikes", 3)
        patch.setattr(timing, "resting_until", time.monotonic() + 60)
        told = box.send(box.event("ringing", number="13900008321", line="1"), status=503)
        assert told["type"].endswith(":busy")
        assert house.page("carol").get("/customers").status_code == 200
        assert house.browser.get("/customers").status_code == 303
    box.send(box.event("ringing", number="13900008321", line="1"))
    assert len(house.calls()) == 1


def test_a_wrong_token_is_refused_as_ever(house):
    box = house.agent(("1", "carol"))
    box.token = "wrong"
    box.send(box.event("ringing", number="13900008321", line="1"), status=401)
