"""Whether what was restored agrees with itself, with the list in the backup, and with the seals of the trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from platform_core.audit import verifying
from platform_core.backups import facts, postgres, sqlite
from platform_core.backups.facts import Ask
from platform_core.backups.manifest import PURPOSE, FileFact, Manifest
from platform_core.kernel import keyfile
from platform_core.kernel.database import Database
from platform_core.kernel.keyfile import Keys
from platform_core.kernel.secrets import Vault
from platform_core.plugins import rekeying

Upgrade = Callable[[str], object]
"""Brings the database of this URL to the revisions of this program."""


@dataclass(slots=True)
class Proof:
    """`findings`: what is wrong, as sentences. `notes`: what could not be looked at."""

    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: int = 0
    """Lines of the audit trail that fit their seals"""
    head: str = ""


@contextmanager
def opened(url: str) -> Iterator[tuple[Ask, list[str]]]:
    """(what answers statements, its tables)."""
    if url.startswith("sqlite"):
        with sqlite.reading(sqlite.path_of(url)) as ask:
            yield ask, sqlite.tables(ask)
    else:
        with postgres.asking(url) as ask:
            yield ask, postgres.tables(ask)


def compare(proof: Proof, url: str, known: Manifest) -> None:
    """The database as it was just restored with the list in the backup, past all models: it may be an older one."""
    with opened(url) as (ask, tables):
        if url.startswith("sqlite"):
            proof.findings += sqlite.orphans(ask)
        for what, wrong in (
            ("rows of", facts.differing(known.tables, facts.counts(ask, tables))),
            ("the revision of", facts.differing(known.revisions, facts.revisions(ask, tables))),
        ):
            proof.findings += [f"{what} {item}" for item in wrong]
        if facts.seal(ask, tables) != known.seal:
            proof.findings.append("the newest seal of the audit trail is not the one that the backup names")
        named = {name: FileFact(*fact) for name, fact in facts.stored_files(ask, tables).items()}
    excused = {*known.gone, *known.lost}
    for name, fact in named.items():
        if name not in excused and known.files.get(name) != fact:
            proof.findings.append(f"{name} is named by the database and is not in the backup, or is another file")
    proof.notes += [f"{name} had been lost by the house before the backup was made" for name in known.lost]


def trail(proof: Proof, url: str, vault: Vault, known_keys: Keys) -> None:
    """Every line with its seal, and whether the keys open what is encrypted; at the revisions of this program."""
    database = Database(url)
    database.vault = vault
    try:
        with database.system_session("verify what was restored", write=False) as session:
            report = verifying.verify(session, vault)
        proof.findings += [finding.text for finding in report.findings]
        proof.lines, proof.head = report.lines, report.head
        for place in rekeying.sample(database, vault, known_keys.ever):
            proof.findings.append(f"the key file does not open values in {place}")
    finally:
        database.dispose()


def key_trouble(known: Manifest, vault: Vault, keys: Keys) -> str:
    """Why a key file is not the one that belongs to a backup; "" when it is."""
    if not vault.verify(PURPOSE, known.id, known.proof):
        return "the key file is that of another house: take secret.json of the house that was backed up"
    current = keyfile.number(known.keys[0])
    needed = [name for name in known.keys if keyfile.number(name) <= current and name not in keys.keys]
    if needed:
        names = ", ".join(needed)
        return f"the key file lacks {names}; put it back from secret.retired-….json (docs/security/keys.md)"
    return ""
