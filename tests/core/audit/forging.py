"""What somebody with all rights on the database could do: the guards off, then any statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, delete, select, text

from platform_core.app import Runtime
from platform_core.audit import anchors, digests, lines, sealing, services, verifying
from platform_core.audit.models import AuditEntry, AuditSeal
from platform_core.contracts.entities import EntityRef
from platform_core.kernel.ids import new_id
from platform_core.kernel.secrets import Vault


@contextmanager
def unguarded(runtime: Runtime) -> Iterator[Connection]:
    with runtime.database.connection("forge") as connection:
        if not runtime.database.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            return
        found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        guards = [(name, sql) for name, sql in found if name.startswith("audit_")]
        assert len(guards) == 6
        for name, _sql in guards:
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        for _name, sql in guards:
            connection.exec_driver_sql(sql)


def write(runtime: Runtime, count: int = 1, action: str = "test.line", **options: object) -> None:
    with runtime.database.system_session("test") as session:
        for number in range(count):
            ref = EntityRef("customers", "customer", new_id(), f"Customer {number}")
            services.record(session, None, action, ref, before={"city": "A"}, after={"city": "B"}, **options)


def seal(runtime: Runtime, batch: int = 10) -> sealing.Sealed:
    return sealing.seal(runtime.database, batch=batch, patience=60)


def verify(runtime: Runtime, *, keyed: bool = True, anchored: bool = False) -> verifying.Report:
    path = anchors.path_in(runtime.settings.data_dir)
    known = list(anchors.read(path)) if anchored else []
    with runtime.database.system_session("test", write=False) as session:
        return verifying.verify(session, runtime.vault if keyed else None, anchored=known)


def found(runtime: Runtime, **options: bool) -> list[str]:
    return [finding.text for finding in verify(runtime, **options).findings]


def entries(runtime: Runtime) -> list[AuditEntry]:
    with runtime.database.system_session("test", write=False) as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


def reseal_with(runtime: Runtime, vault: Vault, first: int) -> None:
    """Make the chain anew from a seal on, over the lines as they are now, as somebody would who hides a change."""
    kept = runtime.database.vault
    with runtime.database.system_session("test", write=False) as session:
        numbers = select(AuditSeal.number, AuditSeal.first_seq, AuditSeal.last_seq).where(AuditSeal.number >= first)
        old = session.execute(numbers.order_by(AuditSeal.number)).all()
    with unguarded(runtime) as connection:
        connection.execute(delete(AuditSeal).where(AuditSeal.number >= first))
    runtime.database.vault = vault
    try:
        for _number, _first_seq, last_seq in old:
            with runtime.database.system_session("test") as session:
                last = sealing.latest(session)
                seq = lines.TABLE.c.seq
                mine = lines.read(session, seq > (last.last_seq if last else -1), seq <= last_seq)
                session.add(sealing._made(session, last, mine))
    finally:
        runtime.database.vault = kept


def head(runtime: Runtime) -> str:
    with runtime.database.system_session("test", write=False) as session:
        last = sealing.latest(session)
    assert last is not None
    assert digests.of_seal(last) == last.head
    return last.head.hex()
