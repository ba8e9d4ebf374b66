"""`baton keys`: what it says, what it refuses, and that it reaches every owner's values on both databases."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import delete, select, text, update

from platform_core.app import Runtime
from platform_core.contracts.plugin import Setting
from platform_core.customers import points
from platform_core.customers.models import ContactPoint
from platform_core.kernel import keyfile, settingvalues
from platform_core.kernel.models import OwnerRecord
from platform_core.kernel.secrets import UnknownKeyError, Vault, WeakSecretError, create_key_file
from platform_core.kernel.weak import refuse_weak
from platform_core.plugins import rekeying
from platform_core.plugins.catalogue import Content
from platform_core.settings import load_settings
from tests.core.cli.test_commands import environment, run  # noqa: F401  fixtures

_SECRET = Setting("samples.token", "Token", "", secret=True)
_RANDOM = base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def left_behind(runtime):
    """A table of a plugin whose package is gone, with a secret in it."""
    binary = "BLOB" if runtime.database.is_sqlite else "BYTEA"
    content = Content(title={"en": "Gone"}, tables=("gone_note",))
    with runtime.database.connection("arrange") as connection:
        connection.execute(
            text(f"CREATE TABLE gone_note (id INTEGER, part INTEGER, secret {binary}, PRIMARY KEY (id, part))")
        )
    with runtime.database.system_session("arrange") as session:
        session.add(OwnerRecord(name="gone", version="1", content=msgspec.to_builtins(content)))
    yield "gone_note"
    with runtime.database.connection("clean up") as connection:
        connection.execute(text("DROP TABLE gone_note"))


def test_every_value_of_every_owner_gets_the_new_key(runtime, run, factory, left_behind):  # noqa: F811
    path, vault = runtime.settings.secret_file, runtime.vault
    first = keyfile.read(path).current
    customer = factory.customer()
    with runtime.database.system_session("arrange") as session:
        for number in range(7):
            points.add(session, customer_id=customer.id, kind="phone", text=f"1380000{number:04}")
        settingvalues.write(session, _SECRET, "let me in")
    with runtime.database.connection("arrange") as connection:
        rows = [{"id": number // 3, "part": number, "secret": vault.encrypt(f"note {number}")} for number in range(7)]
        connection.execute(text("INSERT INTO gone_note VALUES (:id, :part, :secret)"), rows)
    told = run("keys", "status")
    assert f"customers_contact_point.cipher: 7 under {first}" in told
    assert f"gone_note.secret: 7 under {first}" in told
    assert f"core_setting.value: 1 under {first}" in told
    ready = run("keys", "prepare").split()[0]
    assert run("keys", "prepare").split()[0] == ready  # again is the same
    assert vault.encrypt("x").startswith(f"{first}:".encode())  # nobody uses it yet
    out = run("keys", "rotate", "--slice", "2", "--pause", "0", "--grace", "0")
    assert f"15 values are encrypted with {ready} now" in out
    assert f"{first} is out of the key file" in out
    assert list(keyfile.read(path).keys) == [ready]
    assert rekeying.survey(runtime.database, [first]) == {}
    assert vault.encrypt("x").startswith(f"{ready}:".encode())  # the running process has noticed
    with runtime.database.system_session("look", write=False) as session:
        for point in session.scalars(select(ContactPoint)):
            assert vault.lookup("point", vault.decrypt(point.cipher)) == point.full_hash
        assert settingvalues.read(session, _SECRET) == "let me in"
    with runtime.database.connection("look") as connection:
        secrets = connection.execute(text("SELECT part, secret FROM gone_note ORDER BY part")).all()
    assert [vault.decrypt(secret) for _part, secret in secrets] == [f"note {part}" for part, _secret in secrets]


@pytest.mark.any_database
def test_what_its_own_key_does_not_open_is_told_and_keeps_the_key(runtime, run, factory):  # noqa: F811
    path, vault = runtime.settings.secret_file, runtime.vault
    first = keyfile.read(path).current
    customer = factory.customer()
    with runtime.database.system_session("arrange") as session:
        for number in range(3):
            points.add(session, customer_id=customer.id, kind="phone", text=f"1390000{number:04}")
        session.flush()
        spoilt = session.scalars(select(ContactPoint)).first()
        broken = bytes(spoilt.cipher[:-1]) + bytes([spoilt.cipher[-1] ^ 1])
        session.execute(update(ContactPoint).where(ContactPoint.id == spoilt.id).values(cipher=broken))
    assert "holds values that their own key does not open" in run("keys", "status", fails=True)
    with keyfile.changing(path):
        known = keyfile.switch(path, keyfile.add(path).newest)
    tally = rekeying.reseal(runtime.database, vault, known.old, size=1)
    assert (tally.changed, tally.broken) == (2, {"customers_contact_point.cipher": 1})
    refused = run("keys", "retire", "--grace", "0", fails=True)
    assert f"{first} is still in use in customers_contact_point.cipher" in refused
    assert "stays until" in run("keys", "retire", fails=True)
    with runtime.database.system_session("arrange") as session:
        session.execute(delete(ContactPoint))
    run("keys", "retire", "--grace", "0")
    with pytest.raises(UnknownKeyError):
        Vault.from_file(path).decrypt(broken)
    with runtime.database.system_session("arrange") as session:  # as out of an old backup
        points.add(session, customer_id=customer.id, kind="phone", text="13900009999")
        session.execute(update(ContactPoint).values(cipher=broken))
    assert "does not open values in customers_contact_point.cipher" in run("doctor", fails=True)


def test_a_running_process_keeps_its_keys_when_the_file_turns_bad(tmp_path, caplog):
    path = tmp_path / "secret.json"
    create_key_file(path)
    vault, good = Vault.from_file(path), path.read_text()
    sealed = vault.encrypt("a number")
    for bad in ("{", json.dumps({"current": "k1", "keys": {"k1": _RANDOM}})):
        path.write_text(bad)
        assert vault.decrypt(vault.encrypt("another")) == "another"
        assert "the key file has changed and is not used" in caplog.text
        caplog.clear()
    path.unlink()
    assert vault.decrypt(sealed) == "a number"
    path.write_text(good)
    path.chmod(0o600)
    with keyfile.changing(path):
        keyfile.switch(path, keyfile.add(path).newest)
    assert vault.encrypt("x").startswith(b"k2:")
    assert vault.decrypt(sealed) == "a number"


_TEXT = base64.b64encode(b"correct horse battery staple 123").decode()
_STEPS = base64.b64encode(bytes(range(32))).decode()
_ZEROS = base64.b64encode(bytes(32)).decode()
_SHORT = base64.b64encode(os.urandom(31)).decode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"current": "k1", "keys": {"k1": _SHORT}}, "too short or too simple"),
        ({"current": "k1", "keys": {"k1": _ZEROS}}, "too short or too simple"),
        ({"current": "k1", "keys": {"k1": _STEPS}}, "too short or too simple"),
        ({"current": "k1", "keys": {"k1": _TEXT}}, "text that somebody typed"),
        ({"current": "k1", "keys": {"k1": _RANDOM}, "lookup": _ZEROS, "signing": _RANDOM}, "too short or too simple"),
        ({"current": "k2", "keys": {"k1": _RANDOM, "k2": _RANDOM}}, "the same key twice"),
        ({"current": "k2", "keys": {"k1": _RANDOM}}, "one of them is the current one"),
        ({"current": "x", "keys": {"x": _RANDOM}}, "named k1, k2"),
        ({"current": "k1", "keys": {"k1": "no base64"}}, "is not a key file"),
        ({"current": "k1", "keys": [_RANDOM]}, "is not a key file"),
        ({"current": "k1"}, "is not a key file"),
        ([], "is not a key file"),
    ],
)
def test_weak_and_broken_key_files_are_refused_without_quoting_them(tmp_path, content, told):
    path = tmp_path / "secret.json"
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    with pytest.raises(WeakSecretError, match=told) as refused:
        Vault.from_file(path)
    assert _RANDOM not in str(refused.value)


def test_a_key_file_that_others_can_read_or_replace_is_refused(tmp_path):
    folder = tmp_path / "keys"
    path = folder / "secret.json"
    create_key_file(path)
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(WeakSecretError, match="chmod 600"):
            Vault.from_file(path)
    path.chmod(0o600)
    folder.chmod(0o777)
    with pytest.raises(WeakSecretError, match="anybody may put another key file"):
        Vault.from_file(path)
    folder.chmod(0o700)
    assert Vault.from_file(path).decrypt(Vault.from_file(path).encrypt("x")) == "x"
    path.rename(folder / "other.json")
    path.mkdir()
    with pytest.raises(WeakSecretError, match="is not a file"):
        Vault.from_file(path)


@pytest.mark.any_database
def test_passwords_that_everybody_tries_are_refused_at_start(runtime):
    for url in (
        "postgresql+psycopg://baton:baton@db.example/baton", "postgresql+psycopg://baton:sh0rty@db.example/baton",
        "postgresql+psycopg://crm_of_ours:CRM_of_ours@db.example/x", "postgresql+psycopg://a:Pass%77ord@db.example/x",
    ):  # fmt: skip
        with pytest.raises(WeakSecretError, match="the password in BATON_DATABASE_URL") as refused:
            Runtime(replace(runtime.settings, database_url=url))
        assert url.split(":")[2].split("@")[0] not in str(refused.value)
    with pytest.raises(WeakSecretError, match="BATON_REDIS_URL"):
        refuse_weak(BATON_REDIS_URL="redis://:foobared@redis.example/0")
    refuse_weak(BATON_DATABASE_URL="postgresql+psycopg://baton@db.example/baton", BATON_REDIS_URL=None)
    refuse_weak(BATON_DATABASE_URL="postgresql+psycopg://baton:green-tea-4711@db.example/baton")


def test_addresses_with_passwords_come_from_files_that_a_vault_writes(tmp_path):
    database, redis = tmp_path / "database-url", tmp_path / "redis-url"
    database.write_text("postgresql://baton:of-the-vault@db/baton\n")
    redis.write_text("rediss://:of-the-vault@redis:6379/0\n")
    environ = {"BATON_DATABASE_URL": "postgresql://ignored@db/baton", "BATON_DATABASE_URL_FILE": str(database)}
    found = load_settings(environ | {"BATON_REDIS_URL_FILE": str(redis)})
    assert found.database_url == "postgresql+psycopg://baton:of-the-vault@db/baton"
    assert found.redis_url == "rediss://:of-the-vault@redis:6379/0"
    with pytest.raises(FileNotFoundError, match="gone"):
        load_settings({"BATON_DATABASE_URL_FILE": str(tmp_path / "gone")})
