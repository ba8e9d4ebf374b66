"""Sealing, and that tampering of every kind is found and named."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from platform_core.audit import anchors, blanking, digests, keeping, lines, sealing, services
from platform_core.audit.models import AuditArchive, AuditEntry, AuditSeal
from platform_core.kernel.clock import freeze
from platform_core.kernel.ids import new_id
from platform_core.kernel.secrets import Vault, create_key_file
from platform_core.web.routes import health_reasons
from tests.core.audit.forging import entries, found, head, reseal_with, seal, unguarded, verify, write


@pytest.fixture
def trail(runtime):
    """25 lines under three seals."""
    write(runtime, 25)
    assert seal(runtime) == sealing.Sealed(3, 25, complete=True)
    assert found(runtime) == []
    return entries(runtime)


@pytest.fixture
def other_vault(tmp_path):
    create_key_file(tmp_path / "other.json")
    return Vault.from_file(tmp_path / "other.json")


def test_lines_are_numbered_sealed_in_batches_and_verified(runtime):
    assert verify(runtime).head == ""
    write(runtime, 23)
    assert seal(runtime) == sealing.Sealed(3, 23, complete=True)
    assert seal(runtime) == sealing.Sealed(0, 0, complete=True)
    write(runtime, 4)
    report = verify(runtime)
    assert report.ok
    assert (report.seals, report.lines, report.signed, report.waiting) == (3, 23, 3, 4)
    numbers = [entry.seq for entry in entries(runtime)]
    assert numbers == sorted(set(numbers))
    assert report.head == f"3 {head(runtime)}"


def test_one_run_is_bounded_and_the_next_goes_on(runtime):
    write(runtime, 25)
    assert sealing.seal(runtime.database, batch=10, most=2, patience=60) == sealing.Sealed(2, 20, complete=False)
    assert sealing.seal(runtime.database, batch=10, most=2, patience=60) == sealing.Sealed(1, 5, complete=True)
    assert verify(runtime).ok


def test_a_seal_keeps_to_one_month_of_the_organisation(runtime):
    with freeze(datetime(2024, 1, 31, 15, 59, tzinfo=UTC)):  # 23:59 in Shanghai
        write(runtime, 3)
    with freeze(datetime(2024, 1, 31, 16, 0, tzinfo=UTC)):
        write(runtime, 2)
    assert seal(runtime, batch=100).seals == 2
    assert verify(runtime).ok


def test_a_changed_line_is_named(runtime, trail):
    with unguarded(runtime) as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.id == trail[12].id).values(after={"city": "C"}))
    (only,) = found(runtime)
    assert only.startswith(f"line {trail[12].seq} (test.line, ")
    assert only.endswith("was changed")


@pytest.mark.parametrize(
    "values",
    [
        {"actor_label": "Somebody"}, {"at": datetime(2020, 1, 1, tzinfo=UTC)}, {"action": "test.other"}, {"ip": "1.1.1.1"},
        {"result": "denied"}, {"ids": ["00"]}, {"reason": "x"}, {"entity_label": "x"}, {"customer_id": new_id()},
        {"session_id": new_id()}, {"actor_id": new_id()}, {"via": "api"}, {"request_id": "x"}, {"entity": "x"},
        {"entity_id": new_id()}, {"before": {"city": "A", "name": "x"}}, {"salt": b"0" * 16}, {"id": new_id()},
    ],
    ids=lambda values: next(iter(values)),
)  # fmt: skip
def test_every_column_is_sealed(runtime, trail, values):
    with unguarded(runtime) as connection:
        connection.execute(update(AuditEntry.__table__).where(AuditEntry.seq == trail[3].seq).values(values))
    assert len(found(runtime)) == 1


def test_a_removed_line_is_named(runtime, trail):
    with unguarded(runtime) as connection:
        connection.execute(delete(AuditEntry).where(AuditEntry.seq.in_([trail[0].seq, trail[24].seq])))
    assert found(runtime) == [f"line {trail[0].seq} was removed", f"line {trail[24].seq} was removed"]


def test_an_added_line_is_named(runtime, trail):
    """Between two others, where a rolled back transaction may have left a gap, and before the first."""
    with unguarded(runtime) as connection:
        connection.execute(update(AuditEntry.__table__).where(AuditEntry.seq == trail[24].seq).values(seq=10**9))
        row = dict(connection.execute(select(AuditEntry.__table__)).mappings().first())
        for seq in (trail[24].seq, trail[0].seq - 1):
            connection.execute(insert(AuditEntry.__table__), {**row, "id": new_id(), "seq": seq})
    texts = found(runtime)
    assert len(texts) == 2
    assert all("was added" in item or "was changed" in item for item in texts)
    assert f"line {trail[0].seq - 1} (" in texts[0]


def test_lines_that_change_places_are_named(runtime, trail):
    one, other = trail[4], trail[20]
    with unguarded(runtime) as connection:
        for old, new in ((one.seq, 10**9), (other.seq, one.seq), (10**9, other.seq)):
            connection.execute(update(AuditEntry.__table__).where(AuditEntry.seq == old).values(seq=new))
    assert [item.partition(" (")[0] for item in found(runtime)] == [f"line {one.seq}", f"line {other.seq}"]


def test_a_list_of_lines_that_was_made_to_fit_is_found(runtime, trail):
    """A line is changed and the seal's own list with it."""
    with unguarded(runtime) as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.id == trail[12].id).values(reason="x"))
        packed = _members_of(runtime, connection, 2)
        connection.execute(update(AuditSeal).where(AuditSeal.number == 2).values(members=packed))
    assert found(runtime) == ["the list of lines of seal 2 was changed"]
    with unguarded(runtime) as connection:
        root = digests.of_members(packed)
        connection.execute(update(AuditSeal).where(AuditSeal.number == 2).values(root=root))
    assert found(runtime) == ["seal 2 itself was changed"]


def _members_of(runtime, connection, number):
    sealed = connection.execute(select(AuditSeal.first_seq, AuditSeal.last_seq).where(AuditSeal.number == number)).one()
    with runtime.database._session({"system": "test"}, write=False) as session:
        session.bind = connection
        found_lines = lines.read(session, lines.TABLE.c.seq.between(*sealed))
    return digests.members((line.seq, digests.of_line(line)) for line in found_lines)


def test_a_whole_batch_made_anew_breaks_the_chain_and_is_not_signed(runtime, trail, other_vault):
    with unguarded(runtime) as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.id == trail[12].id).values(reason="x"))
        third = connection.execute(select(AuditSeal.__table__).where(AuditSeal.number == 3)).mappings().one()
    reseal_with(runtime, other_vault, 2)
    assert [item[:14] for item in found(runtime)] == ["seal 2 is not ", "seal 3 is not "]
    with unguarded(runtime) as connection:  # the forger leaves what follows as it was
        connection.execute(update(AuditSeal.__table__).where(AuditSeal.number == 3).values(dict(third)))
    texts = found(runtime)
    assert "seal 3 does not follow on seal 2: one of them was replaced" in texts
    assert any(item.startswith("seal 2 is not signed") for item in texts)
    assert found(runtime, keyed=False) == ["seal 3 does not follow on seal 2: one of them was replaced"]


def test_a_chain_made_anew_with_the_key_differs_from_its_anchors(runtime, trail):
    """Somebody has the database and the key file; the anchors lie elsewhere."""
    keep(runtime)
    assert verify(runtime, anchored=True).anchored == 3
    with unguarded(runtime) as connection:
        connection.execute(delete(AuditEntry).where(AuditEntry.id == trail[12].id))
    reseal_with(runtime, runtime.vault, 2)
    assert found(runtime) == []
    assert found(runtime, anchored=True) == [
        "seal 2 is not the one that was anchored: the chain was made anew from here or before"
    ]
    keeper = keep(runtime)
    assert "seal 3 is not the one that was anchored" in keeper.trouble
    (alarm,) = [entry for entry in entries(runtime) if entry.action == keeping.ALARM]
    assert alarm.reason == keeper.trouble
    keep(runtime)
    assert len([entry for entry in entries(runtime) if entry.action == keeping.ALARM]) == 1


def keep(runtime):
    keeper = keeping.Keeper(runtime.database, runtime.settings.data_dir)
    keeper.keep()
    return keeper


@pytest.fixture(autouse=True)
def no_anchors(runtime):
    yield
    anchors.path_in(runtime.settings.data_dir).unlink(missing_ok=True)


def test_a_cut_end_differs_from_its_anchors(runtime, trail):
    keep(runtime)
    with unguarded(runtime) as connection:
        connection.execute(delete(AuditSeal).where(AuditSeal.number == 3))
        connection.execute(delete(AuditEntry).where(AuditEntry.seq >= trail[20].seq))
    assert found(runtime) == []  # the database alone cannot tell
    assert found(runtime, anchored=True) == ["the trail ends at seal 2, but seal 3 was anchored: the end was cut off"]
    assert keep(runtime).trouble


def test_missing_and_renumbered_seals_are_named(runtime, trail):
    with unguarded(runtime) as connection:
        connection.execute(delete(AuditSeal).where(AuditSeal.number == 2))
    texts = found(runtime)
    assert texts[0] == "seal 2 is missing"
    assert any("was added" in item for item in texts)
    with unguarded(runtime) as connection:
        connection.execute(update(AuditSeal.__table__).where(AuditSeal.number == 3).values(number=2))
    assert "seal 2 does not follow on seal 1: one of them was replaced" in found(runtime)


def test_with_another_key_file_it_says_so_once(runtime, trail, other_vault, monkeypatch):
    monkeypatch.setattr(runtime, "vault", other_vault)
    (only,) = found(runtime)
    assert "key file" in only


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_single_change_of_any_bytes_is_found(runtime, trail, data):
    """Of a line or of a seal, wherever it may be."""
    table, key = data.draw(st.sampled_from([(AuditEntry.__table__, "seq"), (AuditSeal.__table__, "number")]))
    with runtime.database.connection("look") as connection:
        rows = connection.execute(select(table).order_by(table.c[key])).mappings().all()
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from([column.name for column in table.columns if column.name != "blanked"]))
    changed = _changed(row[name], data)
    with unguarded(runtime) as connection:
        connection.execute(update(table).where(table.c[key] == row[key]).values({name: changed}))
    assert found(runtime)
    with unguarded(runtime) as connection:
        now_at = changed if name == key else row[key]
        connection.execute(update(table).where(table.c[key] == now_at).values({name: row[name]}))
    assert found(runtime) == []


def _changed(value, data):
    if isinstance(value, bytes):
        at = data.draw(st.integers(0, len(value) - 1))
        return value[:at] + bytes([value[at] ^ data.draw(st.integers(1, 255))]) + value[at + 1 :]
    if isinstance(value, str):
        other = data.draw(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=9))
        return other if other != value else value + "x"
    if isinstance(value, datetime):
        return value.replace(microsecond=(value.microsecond + data.draw(st.integers(1, 999_999))) % 1_000_000)
    if isinstance(value, int):
        return value + 10**6
    if isinstance(value, dict):
        return {**value, "more": "x"}
    if isinstance(value, list):
        return [*value, "x"]
    return new_id()


def test_the_database_refuses_to_change_or_remove(runtime, trail):
    """Whatever the application says: only an erasure and an archive get through (their own tests)."""
    number = AuditSeal.number == 1
    for statement in (
        update(AuditEntry).where(AuditEntry.id == trail[0].id).values(reason="x"),
        update(AuditEntry).where(AuditEntry.id == trail[0].id).values(actor_label="x"),
        update(AuditEntry).where(AuditEntry.id == trail[0].id).values(salt=None, blanked=b"0" * 32),
        delete(AuditEntry).where(AuditEntry.id == trail[0].id),
        update(AuditSeal).where(number).values(members=None),
        update(AuditSeal).where(number).values(head=b"0" * 32),
        delete(AuditSeal).where(number),
    ):
        with pytest.raises(DBAPIError, match="append-only"), runtime.database.connection("attack") as connection:
            connection.execute(statement)
    if not runtime.database.is_sqlite:
        for table in ("audit_entry", "audit_seal", "audit_archive"):
            with pytest.raises(DBAPIError, match="append-only"), runtime.database.connection("attack") as connection:
                connection.execute(text(f"TRUNCATE {table}"))
    assert found(runtime) == []


def test_an_archive_that_nobody_wrote_does_not_open_young_lines(runtime, trail):
    with runtime.database.connection("attack") as connection:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        connection.execute(
            insert(AuditArchive.__table__),
            {
                "first_number": 1, "last_number": 3, "first_seq": 0, "last_seq": 10**9, "month": "2020-01", "lines": 25,
                "file": "x", "sha256": "x", "at": moment, "by_id": None, "by_label": "",
            },
        )  # fmt: skip
    for table in (AuditEntry, AuditArchive):
        with pytest.raises(DBAPIError, match="append-only"), runtime.database.connection("attack") as connection:
            connection.execute(delete(table))


@pytest.mark.parametrize("began", ["later", "earlier"])
def test_what_is_not_certain_yet_is_not_sealed(runtime, began):
    """A transaction under way may have a smaller number than what others have committed since, also if it is younger."""
    if runtime.database.is_sqlite:
        pytest.skip("one writer at a time")
    with runtime.database.system_session("quick writer") as quick:
        if began == "earlier":
            quick.scalar(text("SELECT pg_current_xact_id()"))
        with runtime.database.system_session("slow writer") as slow:
            services.record(slow, None, "test.slow")
            services.record(quick, None, "test.quick")
            quick.commit()
            assert sealing.seal(runtime.database, patience=0.1) == sealing.Sealed(0, 0, complete=True)
    assert seal(runtime).lines == 2
    assert verify(runtime).ok


def test_many_writers_and_sealers_at_once(runtime):
    """Nobody waits for a seal, none of the lines is missed, none is under two."""
    stop = threading.Event()
    errors = []

    def work(act):
        try:
            while not stop.is_set():
                act()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(lambda: write(runtime, 2),)) for _ in range(4)]
    threads += [
        threading.Thread(target=work, args=(lambda: sealing.seal(runtime.database, batch=7),)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    with runtime.database.system_session("test", write=False) as session:
        count = select(func.count()).select_from(AuditSeal)
        while session.scalar(count) < 20 and not errors:
            stop.wait(0.02)
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    seal(runtime)
    report = verify(runtime)
    assert report.ok
    assert report.waiting == 0
    assert report.lines == len(entries(runtime))


def test_a_line_half_written_to_the_anchors_is_written_again(runtime, trail):
    path = anchors.path_in(runtime.settings.data_dir)
    keep(runtime)
    whole = path.read_text()
    assert len(whole.splitlines()) == 3
    path.write_text(whole[:-30])
    assert not keep(runtime).trouble
    assert [item.number for item in anchors.read(path)][-1] == 3
    assert verify(runtime, anchored=True).ok


def test_a_chain_that_was_made_anew_makes_the_platform_unwell(runtime, trail):
    runtime.keep_audit()
    assert "audit" not in health_reasons(runtime.platform)
    path = anchors.path_in(runtime.settings.data_dir)
    path.write_text(path.read_text().replace(head(runtime), "0" * 64))
    runtime.keep_audit()
    assert "seal 3 is not the one that was anchored" in health_reasons(runtime.platform)["audit"]
    runtime.keeper.trouble = ""
    runtime.manager.faults.save(runtime.database)


def test_an_erasure_leaves_the_seal_whole_and_is_told_from_a_forgery(runtime, trail):
    """The database lets a line be emptied once and in no other way; without the line that says why it is reported."""
    one = trail[5]
    with runtime.database.system_session("test") as session:
        services.record(session, None, "test.about", customer_id=one.entity_id, after={"city": "A"}, reason="x")
    seal(runtime)
    with runtime.database.system_session("test") as session:
        assert blanking.blank(session, None, one.entity_id, "Erased 5") == 1
    seal(runtime)
    report = verify(runtime)
    assert report.ok
    assert report.blanked == 1
    (emptied,) = [entry for entry in entries(runtime) if entry.action == "test.about"]
    assert (emptied.after, emptied.reason, emptied.salt) == ({"city": ""}, "", None)
    again = update(AuditEntry).where(AuditEntry.id == emptied.id).values(after={"city": "B"})
    with pytest.raises(DBAPIError, match="append-only"), runtime.database.connection("attack") as connection:
        connection.execute(again)
    with unguarded(runtime) as connection:
        connection.execute(again)
    assert found(runtime)[0].endswith("was changed after its person was erased")
    with unguarded(runtime) as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.id == emptied.id).values(after={"city": ""}))
    hidden = trail[7]
    emptying = {
        "entity_label": "", "before": {"city": ""}, "after": {"city": ""}, "salt": None,
        "blanked": sealed_personal(runtime, hidden.seq),
    }  # fmt: skip
    with runtime.database.connection("attack") as connection:  # what the trigger cannot tell from an erasure
        connection.execute(update(AuditEntry).where(AuditEntry.id == hidden.id).values(emptying))
    assert [item.partition(") ")[2] for item in found(runtime)] == ["was emptied, and no erasure says why"]


def sealed_personal(runtime, seq):
    with runtime.database.system_session("test", write=False) as session:
        (line,) = lines.read(session, lines.TABLE.c.seq == seq)
    return digests.of_personal(line)
