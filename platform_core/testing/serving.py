"""A real server process for tests: what `baton serve` starts, on a free port, with its data in a folder of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from platform_core.testing import supervisor

READY_SECONDS = 120
PASSWORD = "baton-of-the-tests"  # noqa: S105 - of accounts that live as long as a test


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(slots=True)
class Served:
    """Start it, kill it, start it again: the data stay. `environ` adds to what the process gets from ours."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=_free_port)
    python: str = sys.executable
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "BATON_DATA_DIR": str(self.folder),
            "BATON_DEMO_PASSWORD": PASSWORD,
            "BATON_STRICT_PLUGINS": "1",
            "BATON_WEB_THREADS": "8",
            "BATON_SESSION_MOST": "50",  # tests sign the same people in again and again
            "BATON_API_DOCS": "1",
            "PORT": str(self.port),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
        return kept | own | self.environ

    def command(self, *arguments: str) -> None:
        """Run `baton …` to its end. Raises CalledProcessError."""
        with self.log.open("ab") as log:
            subprocess.run(self._baton(*arguments), env=self.environment, stdout=log, stderr=log, check=True)

    def start(self) -> None:
        """Returns when it answers. Raises RuntimeError with the end of its log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._baton("serve", "--port", str(self.port)),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its workers are killed with it
                preexec_fn=supervisor.die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - from a single thread
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(self.log.read_text("utf-8", "replace")[-4000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to the server and its workers, as a power cut would."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self.kill()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def _baton(self, *arguments: str) -> list[str]:
        return [self.python, "-m", "platform_core", *arguments]
