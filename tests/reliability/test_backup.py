"""Backing up a house in which people are at work, and restoring it elsewhere: real processes on both databases."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from platform_core.app import Runtime
from platform_core.audit import verifying
from platform_core.audit.models import AuditEntry
from platform_core.backups import making, passphrase, places
from platform_core.backups.restoring import MARKER
from platform_core.cli import baton
from platform_core.customers.models import Attachment, ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import events, keyfile, signals
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import wake_through
from platform_core.outbox import holding
from platform_core.outbox.models import Message
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.databases import clone_database
from platform_core.testing.waiting import wait_until
from platform_core.users.models import User
from tests.reliability.conftest import place_at
from tests.reliability.places import Place

PLAIN = {"BATON_PLUGINS": "activities,opportunities"}
BIG = 12 * 1024 * 1024
WORKERS = 2


@dataclass
class House:
    place: Place
    url: str
    empty_url: str
    """Of a database without tables"""

    @property
    def folder(self) -> Path:
        return self.place.served.folder

    @property
    def backups(self) -> list[Path]:
        return [item.path for item in places.known(self.folder / "backups")]


@contextmanager
def _databases(
    backend: str, run_folder: Path, folder: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[str, str]]:
    if backend == "sqlite":
        template = services.template_file(run_folder, lambda url: kit.migrate_and_seed(url, run_folder))
        yield services.clone_file(template, folder / "baton.sqlite3"), f"sqlite:///{folder}/elsewhere/baton.sqlite3"
        return
    server = request.getfixturevalue("postgres_url")
    made = services.template_database(server, lambda url: kit.migrate_and_seed(url, run_folder))
    with clone_database(server, made) as url, clone_database(server) as empty:
        yield url, empty


@pytest.fixture
def house(backend: str, run_folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    with _databases(backend, run_folder, tmp_path, request) as (url, empty), place_at(url, tmp_path) as place:
        passphrase.create(tmp_path / "backup.key")
        yield House(place, url, empty)


def process(house: House, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "platform_core", *arguments]
    env = {**house.place.served.environment, **PLAIN, **environment}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(started: subprocess.Popen[str], code: int = 0) -> str:
    out, err = started.communicate(timeout=120)
    assert started.returncode == code, out + err
    return out + err


@pytest.fixture
def run(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A command in this process; `fails` is whether it must."""

    def run(*arguments: object, fails: bool = False, **environment: str) -> str:
        for name, value in {**house.place.served.environment, **PLAIN, **environment}.items():
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(baton, [str(argument) for argument in arguments])
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    yield run
    runtime = house.place.runtime
    events.listen_through(lambda: runtime.manager.declared.listeners)
    wake_through(runtime.wakeups.send)
    signals.send_through(runtime.hub.send)


class Worker(threading.Thread):
    """Makes customers with numbers, puts files to them and takes some off, all through the running server."""

    def __init__(self, house: House, number: int) -> None:
        super().__init__()
        self.number, self.over = number, threading.Event()
        self.place = house.place
        self.client = httpx.Client(base_url=house.place.served.url, timeout=60)
        self.user = self.place.factory.user(department=self.place.factory.department())
        self.browser = Browser(self.place.runtime, self.client).sign_in(self.user)
        self.done = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        who = None
        while not self.over.is_set() and not self.wrong:
            phone = f"13{self.number}{self.done:08}"
            with self.place.runtime.database.system_session("who?", write=False) as session:
                if self.done < 15:  # who asks for forty that nobody has is guessing
                    self._post(
                        "/customers/new", {"name": f"甲{phone}", "phone": phone, "kind": "person", "anyway": "1"}
                    )
                    who = session.scalar(select(Customer.id).where(Customer.name == f"甲{phone}"))
                self._post(f"/customers/{who}/files", {}, {"file": ("note.txt", os.urandom(9_000).hex(), "text/plain")})
                if self.done % 3 == 2:
                    mine = select(Attachment.id).where(Attachment.customer_id == who)
                    file = session.scalar(mine.order_by(Attachment.uploaded_at.desc()).limit(1))
                    self._post(f"/customers/{who}/files/{file}/delete", {})
            self.done += 1

    def _post(self, path: str, data: dict[str, str], files: Any = None) -> None:
        answer = self.browser.post(path, {"_key": new_id().hex, **data}, files=files)
        if answer.status_code not in {200, 303}:
            self.wrong.append(f"{path}: {answer.status_code} {answer.text[:500]}")


@contextmanager
def at_work(house: House) -> Iterator[list[Worker]]:
    workers = [Worker(house, number) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    try:
        wait_until(lambda: all(worker.done or worker.wrong for worker in workers))
        yield workers
    finally:
        for worker in workers:
            worker.over.set()
        for worker in workers:
            worker.join(60)
            worker.client.close()
    assert [worker.wrong for worker in workers] == [[]] * WORKERS


def stock(house: House) -> None:
    """Messages, one of them on its way, and a big file, so that a backup takes a moment."""
    runtime = house.place.runtime
    with runtime.database.system_session("stock") as session:
        for key, state in (("waits", "queued"), ("leaves", "sending")):
            session.add(
                Message(
                    key=key, channel="sms", owner="test", lane="bulk", purpose="service", route="service.cn",
                    address=runtime.vault.encrypt("+8613800138000"), mask="138****8000", address_hash=1,
                    content=runtime.vault.encrypt_bytes(b"{}"), state=state, expires_at=now() + timedelta(days=1),
                )
            )  # fmt: skip
    folder = house.folder / "uploads"
    folder.mkdir(exist_ok=True)
    (folder / "big.upload").write_bytes(os.urandom(BIG))


def is_whole(runtime: Runtime, told: str = "") -> int:
    """Every act with all its rows and its line, every row of a file with its file. Returns how many files were added.

    `told`: what the restore has said of files that somebody took away while the backup was made.
    """
    with runtime.database.system_session("look") as session:
        made = session.scalars(select(Customer.id).where(Customer.name.startswith("甲"))).all()
        for model, column in ((SearchRow, SearchRow.customer_id), (StatusChange, StatusChange.customer_id)):
            assert session.scalar(select(func.count()).select_from(model).where(column.in_(made))) == len(made)
        entries = session.execute(select(AuditEntry.action, AuditEntry.customer_id, AuditEntry.entity_id)).all()
        created = [row.customer_id for row in entries if row.action == "customers.create"]
        assert sorted(created) == sorted(made)
        attached = {row.entity_id for row in entries if row.action == "customers.attach"}
        detached = {row.entity_id for row in entries if row.action == "customers.detach"}
        kept = session.scalars(select(Attachment)).all()
        assert {row.id for row in kept} == attached - detached
        for row in kept:
            if row.stored_as in told:
                continue
            content = (runtime.settings.data_dir / "files" / row.stored_as).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (row.size, row.sha256)
        for point in session.scalars(select(ContactPoint)):
            assert runtime.vault.lookup("point", runtime.vault.decrypt(point.cipher)) == point.full_hash
        report = verifying.verify(session, runtime.vault)
        assert report.findings == []
        return len(attached)


def test_a_backup_beside_people_at_work_comes_back_whole(house: House, run: Any) -> None:
    place, elsewhere = house.place, house.folder / "elsewhere"
    stock(house)
    place.served.start()
    with at_work(house) as workers:
        before = sum(worker.done for worker in workers)
        first = ended(process(house, "backup"))
        during = sum(worker.done for worker in workers) - before
        run("audit", "seal")
        run("backup")
    assert during > 0, "nobody was at work"
    assert "LOST" not in first
    epochs = _epochs(place.runtime)
    newest, older = house.backups
    place.served.stop()
    there = {"BATON_DATA_DIR": str(elsewhere), "BATON_DATABASE_URL": house.empty_url}
    elsewhere.mkdir()
    shutil.copy(house.folder / "backup.key", elsewhere)
    if house.url.startswith("sqlite"):  # before the database is looked at
        assert "put the key file of the house" in run("restore", newest, fails=True, **there)
        keyfile.create(elsewhere / "secret.json")
        assert "that of another house" in run("restore", newest, fails=True, **there)
    shutil.copy(house.folder / "secret.json", elsewhere)
    told = run("restore", newest, **there)
    assert told.count("was removed by somebody") <= WORKERS
    with closing_runtime(house.empty_url, elsewhere) as restored:
        found = is_whole(restored, told)
        assert before < found <= sum(worker.done for worker in workers) + WORKERS
        assert (elsewhere / "uploads" / "big.upload").stat().st_size == BIG
        assert all(epoch == epochs[login] + 1 for login, epoch in _epochs(restored).items())
        with restored.database.system_session("look") as session:
            assert holding.why(session) == "restore"
            states = dict(session.execute(select(Message.key, Message.state)).all())
            assert states == {"waits": "queued", "leaves": "unknown"}
            assert restored.outbox._charge() == {}
        assert "nothing is sent" in restored.outbox.alarm()
    assert "2 messages wait" in run("outbox", "status", **there)
    _over_it(house, run, there, older, found, told)


def _over_it(house: House, run: Any, there: dict[str, str], older: Path, found: int, told: str) -> None:
    """Onto a house that is there: refused, then put aside, then the older backup is what is found."""
    assert "There is a house already" in run("restore", older, fails=True, **there)
    with closing_runtime(house.empty_url, Path(there["BATON_DATA_DIR"])) as restored:
        assert is_whole(restored, told) == found
        restored.database.ping()
        assert "stop baton serve" in run("restore", older, "--overwrite", "--yes", fails=True, **there)
    told = run("restore", older, "--overwrite", "--yes", **there)
    assert "what was there before lies in" in told
    with closing_runtime(house.empty_url, Path(there["BATON_DATA_DIR"])) as restored:
        assert 0 < is_whole(restored, told) < found
    aside = next(Path(there["BATON_DATA_DIR"]).glob("before-restore-*"))
    assert (aside / "uploads" / "big.upload").stat().st_size == BIG


def _epochs(runtime: Runtime) -> dict[str, int]:
    with runtime.database.system_session("look") as session:
        return dict(session.execute(select(User.login, User.auth_epoch)).all())


@contextmanager
def closing_runtime(url: str, folder: Path) -> Iterator[Runtime]:
    runtime = Runtime(kit.make_settings(url, folder))
    with closing(runtime):
        runtime.follow()
        yield runtime


def test_damage_and_wrong_revisions_are_found_and_a_kill_leaves_nothing_whole(house: House, run: Any) -> None:
    stock(house)
    folder = house.folder / "backups"
    killed = process(house, "backup")
    wait_until(
        lambda: any(part.stat().st_size > 1_000_000 for part in folder.glob("*.part")) or killed.poll() is not None
    )
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert house.backups == []
    (half,) = folder.glob("*.part")
    half = half.replace(house.folder / "half.backup")
    assert "is not whole" in run("backup", "verify", half, fails=True)
    run("backup")
    (whole,) = house.backups
    assert not list(house.folder.glob("*backup-draft*"))
    assert "is what it was" in run("backup", "verify")
    content = bytearray(whole.read_bytes())
    content[len(content) * 2 // 3] ^= 4
    whole.write_bytes(content)
    there = {"BATON_DATA_DIR": str(house.folder / "elsewhere"), "BATON_DATABASE_URL": house.empty_url}
    for command, environment in ((("backup", "verify"), {}), (("restore", whole), there)):
        keys = {"BATON_BACKUP_KEY_FILE": str(house.folder / "backup.key")}
        assert "was changed" in run(*command, fails=True, **environment, **keys)
    assert not (house.folder / "elsewhere").exists()
    whole.unlink()
    _revisions(house, run, there)


def _revisions(house: House, run: Any, there: dict[str, str]) -> None:
    """Newer tables are refused before anything is touched; a row that is gone is found by trying out."""
    database, keys = house.place.runtime.database, ("backup.key", "secret.json")
    with database.connection("a newer plugin") as connection:
        connection.execute(text("UPDATE alembic_version_activities SET version_num = 'activities_9999'"))
    with database.system_session("a file is lost") as session:
        customer = house.place.factory.customer()
        session.add(
            Attachment(
                id=new_id(), customer_id=customer.id, filename="x.txt", media_type="text/plain", size=1,
                sha256="0" * 64, stored_as="aa/lost", uploaded_by=house.place.sender.id,
            )
        )  # fmt: skip
    made = making.make(database, making.Place.of(house.place.runtime.settings))
    assert made.manifest.lost == ["files/aa/lost"]
    elsewhere = house.folder / "elsewhere"
    elsewhere.mkdir()
    for name in keys:
        shutil.copy(house.folder / name, elsewhere)
    told = run("restore", made.path, fails=True, **there)
    assert "activities are at activities_9999, which this program does not know" in told
    assert sorted(path.name for path in elsewhere.iterdir()) == sorted(keys)


def _die_writing(path: Path) -> None:
    """As when a restore is killed later on: a database with the journal of a transaction that nobody will end."""
    act = (
        "import os, sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "held.execute('PRAGMA journal_mode=DELETE'); held.execute('PRAGMA cache_size=1'); held.execute('BEGIN');"
        "held.execute('CREATE TABLE half (done)');"
        "held.executemany('INSERT INTO half VALUES (?)', [('x' * 4000,)] * 500); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", act, str(path)], check=False).returncode == 9
    assert Path(f"{path}-journal").exists()


@pytest.mark.any_database
def test_a_restore_that_is_killed_keeps_the_house_shut_until_it_is_done_again(house: House, run: Any) -> None:
    stock(house)
    run("backup")
    (made,) = house.backups
    before = _epochs(house.place.runtime)
    house.place.runtime.database.dispose()
    started = process(house, "restore", str(made), "--overwrite", "--yes")
    wait_until(lambda: (house.folder / MARKER).exists() or started.poll() is not None)
    os.kill(started.pid, signal.SIGKILL)
    started.communicate()
    if (house.folder / MARKER).exists():  # else it was quicker than the kill
        assert "was not finished" in run("backup", fails=True)
    if house.place.runtime.database.is_sqlite:
        _die_writing(Path(house.url.removeprefix("sqlite:///")))
    run("restore", made, "--overwrite", "--yes")
    assert not (house.folder / MARKER).exists()
    with closing_runtime(house.url, house.folder) as restored:
        assert is_whole(restored) == 0
        assert _epochs(restored).keys() == before.keys()
