"""The long form of the chaos test: workers and Redis die while a bad provider takes 2,000 messages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.results import Result
from bench.stands import ROOT, Stand

_TEST = "plugins/sms/tests/test_chaos.py"
_MESSAGES = 2_000
_LONGEST = 900.0
"""Seconds: a bad provider is asked again only when a lease has ended"""


def measure(stand: Stand) -> Iterator[Result]:
    """Workers with Redis on PostgreSQL, one process without Redis on SQLite. Raises where one is lost or doubled."""
    form = "embedded" if stand.settings.is_sqlite else "workers"
    number = _MESSAGES if stand.customers >= _MESSAGES * 10 else max(120, stand.customers // 10)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", _TEST, "-k", form]
    began = time.monotonic()
    environment = {**os.environ, "BATON_CHAOS": str(number)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or not re.search(r"^1 passed", done.stdout, re.MULTILINE):
        raise RuntimeError(f"the chaos test failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    name = f"{stand.name}: chaos with {number:,} messages, none lost, none doubled"
    yield Result(name, time.monotonic() - began, "s", _LONGEST)
