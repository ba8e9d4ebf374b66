"""An account for trials: each mail becomes a file that mail programs open, or goes nowhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from pathlib import Path
from uuid import UUID

from baton_plugins.mail import writing

from platform_core.api import translator
from platform_core.api.messages import BadValue, Inbound, NotSent, Parcel, RawCallback, Receipt, Rejected, Taken

_ = translator("mail")
_log = logging.getLogger(__name__)
_SENDER = Address("Baton", "baton", "example.invalid")


class Trial:
    def __init__(self, config: Mapping[str, str]) -> None:
        self._folder = Path(config["folder"]) if config.get("folder") else None
        if self._folder is not None and not (self._folder.is_absolute() and self._folder.is_dir()):
            raise BadValue("folder", _("Name a folder that exists by its whole path."))

    def send(self, parcel: Parcel) -> Taken:
        if parcel.letter is None:
            raise Rejected("letter", "a mail needs a subject")
        if self._folder is None:
            _log.info("trial: mail %s is taken and goes nowhere", parcel.ref)
            return Taken()
        try:
            self._place(self._folder, parcel.ref).write_bytes(writing.compose(parcel, parcel.letter, _SENDER))
        except OSError as error:
            raise NotSent(f"the file cannot be written: {error.strerror}", account_down=True) from error
        return Taken()

    @staticmethod
    def _place(folder: Path, ref: UUID) -> Path:
        return folder / f"{ref}.eml"

    def find(self, ref: UUID, address: str, sent_at: datetime) -> Receipt | None:
        is_there = self._folder is None or self._place(self._folder, ref).exists()
        return Receipt("sent", ref) if is_there else None

    def health(self) -> str:
        return str(self._folder.name) if self._folder else "nothing leaves the house"

    def read(self, raw: RawCallback) -> Sequence[Receipt | Inbound]:
        raise ValueError("a trial has no reports")

    def close(self) -> None:
        return
