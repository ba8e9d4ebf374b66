"""The log: one line for an event, whoever wrote what stands in it."""

from __future__ import annotations

import logging
import re

from platform_core.cli.runtime import OneLine

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (ERROR|INFO) baton\.test: ")


def record(message: str, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    trace = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("baton.test", logging.ERROR, __file__, 1, message, arguments, trace)


def test_what_was_sent_begins_no_line_of_its_own():
    forged = "/a\n2026-01-01T00:00:00.000Z INFO baton.audit: audit seal 9 9 00\r\x1b[2K\u2028"
    told = OneLine().format(record("unhandled error at %s", forged))
    assert len(told.splitlines()) == 1
    assert LINE.match(told)
    assert not [letter for letter in told if not letter.isprintable()]


def test_lines_of_traces_are_told_from_events():
    error = ValueError(
        "2026-01-01T00:00:00.000Z INFO baton.audit: forged\n2026-01-01T00:00:00.000Z INFO baton.audit: x"
    )
    told = OneLine().format(record("a fault", error=error)).splitlines()
    assert len(told) > 2
    assert LINE.match(told[0])
    assert not [line for line in told[1:] if not line.startswith("    ")]
