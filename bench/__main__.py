"""`python -m bench [--only list,search]`, which is `make bench [ONLY=list,search]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from bench import (
    caps,
    chaos,
    creating,
    guard,
    imports,
    messages,
    other,
    pages,
    plugged,
    reminders,
    results,
    scope,
    stands,
    streams,
    telephone,
)
from bench.results import Result

_PARTS = {
    "create": creating.measure,
    "import": imports.measure,
    "audit": guard.measure,
    "caps": caps.measure,
    "reminders": reminders.measure,
    "scope": scope.measure,
    "sms": messages.measure,
    "chaos": chaos.measure,
    "streams": streams.measure,
    "telephone": telephone.measure,
}
_ALL = ("load", *pages.SERIES, *_PARTS, "weight", "start", "plugins")
_LOAD_LIMIT = {"postgresql": 900.0, "sqlite": 90.0}
"""Seconds for a million customers, and for a hundred thousand."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default=",".join(_ALL), help=f"parts, separated by commas: {', '.join(_ALL)}")
    parser.add_argument("--on", default="postgresql,sqlite", help="databases: postgresql, sqlite")
    asked = parser.parse_args()
    only = [name for name in asked.only.split(",") if name]
    unknown = set(only) - set(_ALL)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    found: list[Result] = []
    for result in _measure(only, asked.on.split(",")):
        found.append(result)
        print(results.table([result]).splitlines()[-1], file=sys.stderr, flush=True)
    print(results.table(found))
    results.save(found, stands.ROOT / "var" / "bench.json")
    sys.exit(not all(result.ok for result in found))


def _measure(only: list[str], databases: list[str]) -> Iterator[Result]:
    """BENCH_CUSTOMERS scales both stands down, for a quick look; the limits stay those of the full size."""
    scale = int(os.environ.get("BENCH_CUSTOMERS") or 0)
    wanted = [name for name in pages.SERIES if name in only]
    for database, open_stand, customers in (
        ("postgresql", stands.postgresql, 1_000_000),
        ("sqlite", stands.sqlite, 100_000),
    ):
        if database not in databases:
            continue
        with open_stand(min(scale or customers, customers)) as stand:
            if "load" in only:
                yield Result(f"{stand.name}: loading", stand.load_seconds, "s", _LOAD_LIMIT[database])
            if wanted:
                yield from pages.measure(stand, wanted)
            for name, part in _PARTS.items():
                if name in only:
                    yield from part(stand)
            if database == databases[-1]:
                yield from _once(only, stand)


def _once(only: list[str], stand: stands.Stand) -> Iterator[Result]:
    if "weight" in only:
        yield from other.weight(stand)
    if "start" in only:
        yield from other.start(stand)
    if "plugins" in only:
        yield from plugged.measure(stand)


if __name__ == "__main__":
    main()
