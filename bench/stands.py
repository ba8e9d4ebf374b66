"""Databases with their demo data, kept under var/bench, and the servers that are measured on them."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from bench import plans
from platform_core import demo, install
from platform_core.app import Runtime
from platform_core.demo import bulk, load, spec
from platform_core.plugins import migrations
from platform_core.settings import Settings
from platform_core.testing import services

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
SEED = 42
# What a production server of this size is given; the rest are PostgreSQL's defaults.
_POSTGRES = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
}


@dataclass(frozen=True, slots=True)
class Stand:
    """A loaded database. `load_seconds`: what its loading took, perhaps in an earlier run."""

    name: str
    settings: Settings
    customers: int
    load_seconds: float
    redis_url: str | None

    @property
    def environment(self) -> dict[str, str]:
        """For processes of their own."""
        settings = self.settings
        mine = {
            "BATON_DATABASE_URL": settings.database_url,
            "BATON_DATA_DIR": str(settings.data_dir),
            "BATON_SECRET_FILE": str(settings.secret_file),
        }
        if self.redis_url:
            mine["BATON_REDIS_URL"] = self.redis_url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
        return {**kept, **mine}


@contextmanager
def postgresql(customers: int) -> Iterator[Stand]:
    """A server of our own, a Redis beside it."""
    folder = FOLDER / "postgresql"
    with services.kept_postgres(folder, **_POSTGRES) as server, services.redis_server(shared=False) as redis:
        name = f"baton_{customers}"
        url = server.replace("/postgres?", f"/{name}?")
        settings = _settings(url, FOLDER / name)
        seconds = _known(settings)
        if seconds is None:
            _make_database(server, name)
            seconds = _load(settings, customers)
        yield Stand(f"postgresql {customers:,}", settings, customers, seconds, redis)


@contextmanager
def sqlite(customers: int) -> Iterator[Stand]:
    folder = FOLDER / f"sqlite_{customers}"
    settings = _settings(f"sqlite:///{folder / 'baton.sqlite3'}", folder)
    seconds = _known(settings)
    if seconds is None:
        shutil.rmtree(folder, ignore_errors=True)
        seconds = _load(settings, customers)
    yield Stand(f"sqlite {customers:,}", settings, customers, seconds, None)


def _settings(url: str, folder: Path) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    return Settings(database_url=url, data_dir=folder, secret_file=folder / "secret.json")


def _make_database(server: str, name: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()


def _load(settings: Settings, customers: int) -> float:
    """Seconds that the demo's loading took, without migration."""
    print(f"loading {customers:,} customers ...", file=sys.stderr, flush=True)
    runtime = Runtime(settings)
    runtime.migrate()
    install.seed(runtime)
    runtime.follow()
    began = time.monotonic()
    load.load(runtime, spec.make(customers, SEED), "", processes=2)
    seconds = time.monotonic() - began
    plans.fill(runtime, customers)
    bulk.analyse(runtime.database)
    runtime.close()
    (settings.data_dir / "stamp.json").write_text(json.dumps({"sources": _sources(), "seconds": seconds}))
    return seconds


def _known(settings: Settings) -> float | None:
    """Seconds that loading took, where the data are there and were made by this schema and this generator."""
    stamp = settings.data_dir / "stamp.json"
    if not stamp.exists():
        return None
    found = json.loads(stamp.read_text())
    return float(found["seconds"]) if found["sources"] == _sources() else None


def _sources() -> str:
    """Digest of everything that decides what is loaded."""
    folders = [migrations.ENV_FOLDER / "versions", Path(demo.__file__).parent, *ROOT.glob("plugins/*/baton_plugins/*")]
    files = [Path(plans.__file__)]
    files += [path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".toml"}]
    wanted = [path for path in files if "plugins" not in path.parts or _is_data(path)]
    digest = hashlib.sha256()
    for path in sorted(wanted):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_data(path: Path) -> bool:
    return path.name == "demo.py" or path.parent.name == "migrations"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(stand: Stand) -> Iterator[int]:
    """`baton serve` on a free port, one process."""
    port = free_port()
    log = stand.settings.data_dir / "serve.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "platform_core", "serve", "--port", str(port)]
        process = subprocess.Popen(
            command, env={**stand.environment, "PORT": str(port)}, cwd=ROOT, stdout=output, stderr=output
        )
    try:
        wait_for(port, process, log)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path, path: str = "/healthz") -> float:
    """Seconds until the server answers; raises with its log when it ends instead."""
    began = time.monotonic()
    while time.monotonic() - began < 120:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{log.read_text('utf-8', 'replace')[-2000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.suppress(OSError):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.monotonic() - began
        time.sleep(0.02)
    raise RuntimeError("the server did not answer within 120 s")
