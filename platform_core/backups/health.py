"""What `baton doctor` says of backups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from platform_core.backups import passphrase, places
from platform_core.backups.errors import BackupError
from platform_core.backups.jobs import NIGHTLY
from platform_core.backups.making import Place
from platform_core.kernel import settingvalues
from platform_core.kernel.clock import local, now
from platform_core.kernel.database import Database

_OLD = timedelta(hours=26)
_UNTRIED = timedelta(days=8)


def troubles(database: Database, place: Place) -> Iterator[str]:
    """Nothing where nobody has run `baton backup key`: that is a note."""
    if not place.passphrase_file.exists():
        return
    try:
        passphrase.read(place.passphrase_file)
    except BackupError as error:
        yield str(error)
        return
    begun = datetime.fromtimestamp(place.passphrase_file.stat().st_mtime, UTC)
    known, moment = places.known(place.folder), now()
    newest = known[0].made_at if known else None
    with database.system_session("doctor: are backups made by night?", write=False) as session:
        is_nightly = settingvalues.read(session, NIGHTLY)
    if is_nightly and moment - (newest or begun) > _OLD:
        told = f"the newest backup is of {local(newest):%Y-%m-%d %H:%M}" if newest else "there is no backup yet"
        yield f"{told}: does the scheduler run? Make one with: baton backup"
    tried = max((item.verified_at for item in known if item.verified_at), default=None)
    if known and moment - (tried or known[-1].made_at) > _UNTRIED:
        since = f"since {local(tried):%Y-%m-%d}" if tried else "at all"
        yield f"no backup was tried out {since}; run: baton backup verify"
