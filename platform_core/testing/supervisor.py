"""The process that owns a test server: starts it, waits until its last user is gone, stops it and removes its folder.

It runs as a script, apart from the tests (`python -I supervisor.py FOLDER`), so that a test run that is killed leaves
nothing behind: users hold a shared `flock` on `FOLDER/users`, which the kernel releases when they die in any way, and
the supervisor waits for the exclusive one. Only the standard library is used; `FOLDER/plan.json` says what to start.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

READY_SECONDS = 60
STOP_SECONDS = 20
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start. `prepare` runs first and must succeed; `uid` None means "as whoever we are"."""

    kind: str
    prepare: list[str]
    serve: list[str]
    ready_file: str
    stop_signal: int
    uid: int | None = None
    gid: int | None = None
    owned: list[str] | None = None
    """Folders that the server's user must own, relative to the supervisor's folder."""

    def save(self, folder: Path) -> None:
        (folder / "plan.json").write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Plan:
        return cls(**json.loads((folder / "plan.json").read_text("utf-8")))


def die_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """A preexec function: the kernel stops the server should the process that started it be killed."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, stop_signal)

    return arm


def spawn(plan: Plan, command: Sequence[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a command as the plan's user, its output into `log`, tied to the life of this process."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=plan.uid,
            group=plan.gid,
            extra_groups=[] if plan.uid is not None else None,
            env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(folder)},
            preexec_fn=die_with_parent(plan.stop_signal),  # noqa: PLW1509 - started from a single thread
        )


def is_ready(plan: Plan, folder: Path, pid: int) -> bool:
    """PostgreSQL writes its pid into line 1 of postmaster.pid and "ready" into line 8; Redis answers a ping."""
    path = folder / plan.ready_file
    if plan.kind == "postgresql":
        try:
            lines = path.read_text("utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def start(plan: Plan, folder: Path) -> subprocess.Popen[bytes]:
    """Prepare and start the server; returns when it takes connections. Raises RuntimeError with the log's end."""
    log = folder / "server.log"
    for name in plan.owned or []:
        path = folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        if plan.uid is not None:
            os.chown(path, plan.uid, plan.gid if plan.gid is not None else -1)
    if plan.prepare and spawn(plan, plan.prepare, folder, log).wait() != 0:
        raise RuntimeError(_tail(log))
    server = spawn(plan, plan.serve, folder, log)
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready(plan, folder, server.pid):
        if server.poll() is not None or time.monotonic() > deadline:
            stop(plan, server)
            raise RuntimeError(_tail(log))
        time.sleep(0.01)
    return server


def stop(plan: Plan, server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    server.send_signal(plan.stop_signal)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def supervise(folder: Path) -> None:
    """Serve until the last user has let go. Writes `ready` or `failed` into the folder, for the users to wait for."""
    plan = Plan.load(folder)
    try:
        server = start(plan, folder)
    except (OSError, RuntimeError) as error:
        _announce(folder, "failed", str(error))
        return
    _announce(folder, "ready", str(server.pid))
    try:
        with (folder / "users").open("rb") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            # Whoever comes now waits for our lock and then finds the folder gone, and starts anew.
            stop(plan, server)
            shutil.rmtree(folder)
    finally:
        stop(plan, server)


def _announce(folder: Path, name: str, text: str) -> None:
    """Atomically, so that a reader never sees half of it."""
    draft = folder / f".{name}"
    draft.write_text(text, "utf-8")
    draft.rename(folder / name)


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return "\n".join(lines[-15:]) or "the server ended without a word"


def main() -> None:
    folder = Path(sys.argv[1])
    # Two forks: nobody has to reap us, and Ctrl-C in the terminal of the tests does not reach us before their end.
    if os.fork():
        os._exit(0)
    os.setsid()
    supervise(folder)


if __name__ == "__main__":
    main()
