"""Changing the key under a running server, killed half-way: nothing is unreadable at any moment, and nothing is lost."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import func, select

from platform_core.contracts.plugin import Setting
from platform_core.customers import points, queries, reveal, searching
from platform_core.customers.models import ContactPoint, Customer
from platform_core.exports.models import FileRequest, Piece
from platform_core.kernel import keyfile, settingvalues
from platform_core.kernel.ids import new_id
from platform_core.kernel.secrets import Vault
from platform_core.plugins import rekeying
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.waiting import wait_until
from tests.reliability.conftest import place_at
from tests.reliability.places import Place

_CUSTOMERS = 80
_SECRET = Setting("samples.token", "Token", "", secret=True)


def number(place: int) -> str:
    return f"138{place:08}"


def stock(place: Place) -> None:
    """Customers with numbers, a secret setting and a made file."""
    runtime = place.runtime
    with runtime.database.system_session("stock") as session:
        for item in range(_CUSTOMERS):
            customer = Customer(code=f"K-{item}", name=f"Customer {item}", owner_id=place.sender.id)
            session.add(customer)
            session.flush()
            points.add(session, customer_id=customer.id, kind="phone", text=number(item))
        settingvalues.write(session, _SECRET, "let me in")
        request = FileRequest(
            id=new_id(), requester_id=place.sender.id, source="list:customers", title="x", query="", conditions=[],
            columns=[], form="csv", reason="x", expected=1,
        )  # fmt: skip
        session.add(request)
        session.flush()
        session.add(Piece(request_id=request.id, number=0, content=runtime.vault.encrypt_bytes(b"a file")))


def under(place: Place, name: str) -> int:
    mark = f"{name}:".encode()
    with place.runtime.database.system_session("count", write=False) as session:
        found = select(func.count()).select_from(ContactPoint).where(func.substr(ContactPoint.cipher, 1, 3) == mark)
        return session.scalar(found) or 0


def baton(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "platform_core", *arguments]
    return subprocess.run(command, env=place.served.environment, capture_output=True, text=True, check=False)


class Reader(threading.Thread):
    """Somebody who has numbers revealed and adds others while the keys change, through the running server."""

    def __init__(self, place: Place, held: list[tuple[str, str]]) -> None:
        super().__init__()
        token = {"authorization": f"Bearer {place._token(place.sender)}"}
        self.client = httpx.Client(base_url=f"{place.served.url}/api/v1/customers", headers=token, timeout=60)
        self.over, self.held = threading.Event(), held
        self.wrong: list[object] = []
        self.added: list[str] = []

    def run(self) -> None:
        while not self.over.is_set():
            path, text = self.held[len(self.added) % len(self.held)]
            answer = self.post(path, None)
            if text not in answer.text.replace(" ", ""):
                self.wrong.append(answer.text)
            phone = f"139{len(self.added):08}"
            self.post("/", {"name": "Added", "phone": phone})
            self.added.append(phone)

    def post(self, path: str, data: object) -> httpx.Response:
        answer = self.client.post(path, json=data, headers={"idempotency-key": new_id().hex})
        if answer.status_code >= 400:
            self.wrong.append((path, answer.status_code, answer.text[:300]))
        return answer


@contextmanager
def reading(place: Place) -> Iterator[Reader]:
    with place.runtime.database.system_session("what to reveal", write=False) as session:
        rows = session.execute(select(ContactPoint.customer_id, ContactPoint.id, ContactPoint.cipher).limit(8)).all()
    held = [(f"/{who}/points/{key}/reveal", place.runtime.vault.decrypt(cipher)[3:]) for who, key, cipher in rows]
    reader = Reader(place, held)
    reader.start()
    try:
        yield reader
    finally:
        reader.over.set()
        reader.join(60)
        reader.client.close()
    assert reader.wrong == []
    assert len(reader.added) > len(held)


def every_number_is_found(place: Place, added: list[str]) -> None:
    """By this process, which has had its keys since before the change."""
    actor = place.factory.actor(place.sender)
    with place.runtime.database.actor_session(actor) as session:
        for text in [*map(number, range(0, _CUSTOMERS, 10)), *added[:2], *added[-2:]]:
            (row,) = searching.find(session, actor, text, 5).rows
            (point,) = queries.points_of(session, row.id)
            assert reveal.reveal(session, actor, row.id, point.id).text.replace(" ", "").endswith(text)
        assert settingvalues.read(session, _SECRET) == "let me in"
        (file,) = session.scalars(select(Piece))
        assert place.runtime.vault.decrypt_bytes(file.content) == b"a file"


def test_a_rotation_that_is_killed_half_way_under_a_running_server(run_folder: Path, tmp_path: Path) -> None:
    template = services.template_file(run_folder, lambda url: kit.migrate_and_seed(url, run_folder))
    old_style(tmp_path / "secret.json")
    with place_at(services.clone_file(template, tmp_path / "baton.sqlite3"), tmp_path) as place:
        rotate(place)


def rotate(place: Place) -> None:
    path = place.runtime.settings.secret_file
    stock(place)
    before = keyfile.read(path)
    place.served.start()
    every_number_is_found(place, [])
    with reading(place) as reader:
        slow = [sys.executable, "-m", "platform_core", "keys", "rotate", "--slice", "5", "--pause", "0.1"]
        process = subprocess.Popen(slow, env=place.served.environment, stderr=subprocess.DEVNULL)
        wait_until(lambda: 10 <= under(place, "k2") < _CUSTOMERS)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert under(place, "k1") > 0
        every_number_is_found(place, reader.added[:])
        done = baton(place, "keys", "rotate")
        assert done.returncode == 0, done.stderr
        assert "k1 stays until" in done.stdout
    known = keyfile.read(path)
    assert (known.current, list(known.keys)) == ("k2", ["k1", "k2"])  # the killed change was gone on with
    assert (known.lookup, known.signing) == (before.lookup, before.signing)
    assert under(place, "k1") == 0
    assert rekeying.survey(place.runtime.database, ["k1"]) == {}
    ended = baton(place, "keys", "retire", "--grace", "0")
    assert ended.returncode == 0, ended.stderr
    assert list(keyfile.read(path).keys) == ["k2"]
    kept = path.with_name("secret.retired-k1.json")
    assert kept.stat().st_mode & 0o077 == 0
    assert json.loads(kept.read_text())["retired"].keys() == {"k1"}
    every_number_is_found(place, reader.added)
    fresh = Vault.from_file(path)  # as a process that starts now
    with place.runtime.database.system_session("look", write=False) as session:
        for point in session.scalars(select(ContactPoint)):
            assert fresh.lookup("point", fresh.decrypt(point.cipher)) == point.full_hash


def old_style(path: Path) -> None:
    """A file as version 1 wrote it: hashes and signatures come from its first key."""
    path.write_text(json.dumps({"current": "k1", "keys": {"k1": base64.b64encode(os.urandom(32)).decode()}}))
    path.chmod(0o600)
