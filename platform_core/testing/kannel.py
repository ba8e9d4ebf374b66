"""A real Kannel with a pretended operator, from Debian's packages: bearerbox, smsbox and fakesmsc on free ports."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote_to_bytes

from platform_core.testing import supervisor
from platform_core.testing.programs import FAKESMSC
from platform_core.testing.waiting import wait_until

_TAKEN = re.compile(r"Got message \d+: <\S+ (\S+) (?:udh (\S+) data|ucs-2) ([^>]*)>")
_CONFIG = """
group = core
admin-port = {admin}
admin-password = admin
admin-interface = 127.0.0.1
smsbox-port = {inner}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
log-file = "{folder}/bearerbox.log"
log-level = 0
store-type = spool
store-location = "{folder}/spool"
dlr-storage = internal
sms-resend-freq = 1

group = smsc
smsc = fake
smsc-id = FAKE
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
smsbox-id = sb1
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{folder}/smsbox.log"
log-level = 0
mo-recode = true
http-request-retry = 60
http-queue-delay = 1

group = sendsms-user
username = crm
password = crmpw
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
get-url = "{callback}?kind=mo&from=%p&text=%b&id=%I&ts=%T"
max-messages = 0
omit-empty = true

group = smsbox-route
smsbox-id = sb1
smsc-id = "FAKE"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(*ports: int) -> bool:
    """Asked of the system (proc(5), 0A is LISTEN), never by a connection.

    Whoever connects to the operator's port is an operator, and gets the messages that were kept.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return set(ports) <= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}


@dataclass
class Kannel:
    """Start it, kill it, start it again: the spool stays."""

    folder: Path
    callback: str
    admin: int = field(default_factory=free_port)
    inner: int = field(default_factory=free_port)
    smsc: int = field(default_factory=free_port)
    sendsms: int = field(default_factory=free_port)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.sendsms}"

    def start(self) -> None:
        (self.folder / "spool").mkdir(exist_ok=True)
        config = self.folder / "kannel.conf"
        ports = {"admin": self.admin, "inner": self.inner, "smsc": self.smsc, "sendsms": self.sendsms}
        config.write_text(_CONFIG.format(folder=self.folder, callback=self.callback, **ports))
        self._run("/usr/sbin/bearerbox", str(config))
        wait_until(lambda: _listens(self.inner, self.smsc), 20)
        self._run("/usr/sbin/smsbox", str(config))
        wait_until(lambda: _listens(self.sendsms), 20)

    def _run(self, *command: str, log: IO[bytes] | None = None) -> None:
        written = log or subprocess.DEVNULL
        self._running.append(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                cwd=self.folder,
                preexec_fn=supervisor.die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - from a single thread
            )
        )

    def operator(self) -> None:
        """Takes whatever comes; only one at a time."""
        with (self.folder / "operator.log").open("ab") as log:
            self._run(
                str(FAKESMSC), "-v", "0", "-H", "127.0.0.1", "-r", str(self.smsc), "-m", "0", "1 2 text z", log=log
            )

    def answer(self, sender: str, text: str) -> None:
        """Somebody with this number writes; in UCS-2, as Chinese phones do."""
        coded = quote(text.encode("utf-16-be"), safe="")
        self._run(str(FAKESMSC), "-H", "127.0.0.1", "-r", str(self.smsc), "-m", "1", f"{sender} 10690001 ucs2 {coded}")

    def kill(self) -> None:
        """SIGKILL to all of it."""
        for process in self._running:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
        self._running.clear()

    def taken(self) -> list[tuple[str, str]]:
        """(number, text) of each message that reached the operator, its parts put together as a telephone would."""
        log = self.folder / "operator.log"
        told = log.read_text("utf-8", "replace") if log.exists() else ""
        whole: dict[tuple[str, str, int], dict[int, str]] = {}
        for place, (number, header, text) in enumerate(_TAKEN.findall(told)):
            head = unquote_to_bytes(header.replace("+", "%20"))  # 05 00 03, reference, number of parts, which one
            key = (number, f"{head[3]}/{head[4]}", 0) if head else (number, "", place)
            parts = whole.setdefault(key, {})
            index = head[5] if head else 1
            while index in parts:  # the same reference again: another message
                key = (*key[:2], key[2] + 1)
                parts = whole.setdefault(key, {})
            parts[index] = unquote_to_bytes(text.replace("+", "%20")).decode("utf-16-be")
        return [(key[0], "".join(parts[index] for index in sorted(parts))) for key, parts in whole.items()]


@contextmanager
def kannel(callback: str) -> Iterator[Kannel]:
    folder = Path(tempfile.mkdtemp(prefix="baton-kannel-"))
    made = Kannel(folder, callback)
    try:
        yield made
    finally:
        made.kill()
        shutil.rmtree(folder, ignore_errors=True)
