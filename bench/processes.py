"""What processes of this machine use, as /proc tells it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    fields = _fields(Path(f"/proc/{pid}"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kilobytes(pid: int, name: str) -> int:
    """Memory: VmRSS as it is, VmHWM the most that it was."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1])


def worker_of(port: int) -> int:
    """The child of the `baton serve` of this port that holds its sockets."""
    parents, children = set(), {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if f"--port {port}" in (path / "cmdline").read_bytes().replace(b"\0", b" ").decode():
                parents.add(int(path.name))
            children[int(path.name)] = int(_fields(path)[1])
    found = [pid for pid, parent in children.items() if parent in parents]
    return max(found or parents, key=lambda pid: kilobytes(pid, "VmRSS"))


def _fields(path: Path) -> list[str]:
    """Of its `stat`, behind the name of the program."""
    return (path / "stat").read_text().rpartition(")")[2].split()
