"""What was measured, as a table for people and a file for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `limit` None: for information. `ok` is true up to and including the limit."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.limit is None or self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in milliseconds."""

    p50: float
    p95: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        found = [duration * 1000 for duration in seconds]
        return cls(median(found), quantiles(found, n=20)[-1], len(found))


def save(results: Sequence[Result], path: Path) -> None:
    """The whole list; figures of parts that were not run this time are gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(result), "value": round(result.value, 3), "ok": result.ok} for result in results]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")


def table(results: Sequence[Result]) -> str:
    width = max(len(result.name) for result in results)
    lines = [f"{'':{width}}  {'value':>9} {'limit':>8}  {'':8}"]
    for result in results:
        limit = "" if result.limit is None else f"{result.limit:g}"
        mark = "" if result.ok else "  MISSED"
        lines.append(
            f"{result.name:{width}}  {result.value:9.1f} {limit:>8}  {result.unit:8} {result.detail}{mark}".rstrip()
        )
    return "\n".join(lines)
