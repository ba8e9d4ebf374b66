"""Where the agent keeps what it has to remember: address and token of the server, the spool, what is plugged in."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


def folder() -> Path:
    """$BATON_AGENT_DIR, else a folder of the user's own."""
    named = os.environ.get("BATON_AGENT_DIR")
    if named:
        return Path(named)
    base = os.environ.get("APPDATA") or os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "baton-agent"


@dataclass
class Home:
    """`agent.json`. `use`: USB id -> driver; `serial`: port -> driver; `ca_file`: who signs for the server.

    `hid`: by what HID boxes are read, `libusb` or `hidapi`; empty for what suits the system.
    `exchanges`: as exchanges.Exchange takes them.
    """

    server: str = ""
    token: str = ""
    name: str = ""
    ca_file: str = ""
    use: dict[str, str] = field(default_factory=dict)
    serial: dict[str, str] = field(default_factory=dict)
    hid: str = ""
    exchanges: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls) -> Home:
        """Empty before pairing. Raises ValueError for a file that is not ours."""
        path = folder() / "agent.json"
        if not path.exists():
            return cls()
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from error

    def save(self) -> None:
        """For its owner's eyes alone: the token reports calls."""
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder() / "agent.json"
        fresh = path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
        fresh.replace(path)
