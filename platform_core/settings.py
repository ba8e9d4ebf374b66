"""What a deployment decides, read once from the environment (prefix BATON_)."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Settings:
    """Immutable for the life of a process; tests build their own."""

    database_url: str
    data_dir: Path
    secret_file: Path
    backup_dir: Path | None = None
    """None: `backups` of the data folder"""
    backup_key_file: Path | None = None
    """None: `backup.key` of the data folder"""
    redis_url: str | None = None
    base_url: str = "http://127.0.0.1:8000"
    timezone: str = "Asia/Shanghai"
    language: str = "zh"
    theme: str = "default"
    """Worn where neither the house nor the person has chosen one."""
    theme_folders: tuple[Path, ...] = ()
    """Folders with themes of this deployment, each a folder with theme.toml."""
    api_docs: bool = False
    demo: bool = False
    strict_plugins: bool = False
    allowed_plugins: frozenset[str] | None = None
    """None allows every installed plugin; else the names that may be loaded at all."""
    trusted_proxies: frozenset[str] = frozenset()
    web_threads: int = 24
    job_threads: int = 4
    lane_threads: int = 2
    """Of a worker, for each lane of the outbox"""
    outbox_lease: float = 300.0
    """Seconds after which a message whose worker never came back is asked about, and again after as many. Longer than
    the slowest gateway takes to accept one: a shorter one doubles messages."""
    lock_seconds: float = 10.0
    """How long a request waits for others to be done with the database before it answers 503."""
    session_idle_minutes: int = 30
    session_absolute_hours: int = 12
    session_most: int = 5
    """Browsers that one account may be signed in with at the same time; of more, the one unused the longest ends."""
    rp_id: str = ""
    """The domain that security keys and passkeys belong to; empty: the host of `base_url`."""
    hook_budget_ms: int = 80
    """Above this a panel is reported as slow: its plugin should make it lazy."""
    hook_limit_ms: int = 3000
    """Above this a piece of a plugin is stopped, as far as that is possible, and after three times left out."""
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def backups(self) -> Path:
        return self.backup_dir or self.data_dir / "backups"

    @property
    def backup_key(self) -> Path:
        return self.backup_key_file or self.data_dir / "backup.key"

    @property
    def key_domain(self) -> str:
        """WebAuthn's RP ID, a domain; empty where keys cannot work, since browsers refuse addresses of numbers."""
        host = self.rp_id or urlsplit(self.base_url).hostname or ""
        try:
            return "localhost" if ip_address(host).is_loopback else ""
        except ValueError:
            return host

    @property
    def key_origins(self) -> tuple[str, ...]:
        """Where the answers of keys may come from. A loopback address is also this machine's name."""
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        named = f"{parts.scheme}://{self.key_domain}{port}"
        return (self.base_url,) if self.key_domain != "localhost" or named == self.base_url else (self.base_url, named)

    @property
    def secure_cookies(self) -> bool:
        """`__Host-` cookies need HTTPS; a plain-HTTP address on the LAN or this machine cannot have them."""
        return self.base_url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """Values of the Host header that mean this house."""
        netloc = urlsplit(self.base_url).netloc.rpartition("@")[2].lower()
        return frozenset({netloc, netloc.removesuffix(":443"), f"{netloc}:443"})

    def cookie_name(self, name: str) -> str:
        """Of every cookie but that of the session: where HTTPS is, one that no neighbouring host can set."""
        return f"__Host-baton-{name}" if self.secure_cookies else f"baton-{name}"


def _path(value: str | None) -> Path | None:
    return Path(value).absolute() if value else None


def _secret(env: dict[str, str], name: str) -> str:
    """The variable, or what stands in the file that NAME_FILE names: vaults hand secrets over as files."""
    path = env.get(f"{name}_FILE")
    return Path(path).read_text(encoding="utf-8").strip() if path else env.get(name, "")


def _flag(value: str | None) -> bool:
    return (value or "").strip().lower() in {"1", "true", "yes", "on"}


def _names(value: str | None) -> frozenset[str]:
    return frozenset(part.strip() for part in (value or "").split(",") if part.strip())


def load_settings(environ: dict[str, str] | None = None) -> Settings:
    """Read BATON_* variables. The database defaults to SQLite under `var/` of the working directory."""
    env = dict(os.environ if environ is None else environ)
    data_dir = Path(env.get("BATON_DATA_DIR", "var")).absolute()
    allowed = env.get("BATON_PLUGINS")
    port = env.get("PORT", "8000")
    return Settings(
        database_url=normalise_url(_secret(env, "BATON_DATABASE_URL") or f"sqlite:///{data_dir / 'baton.sqlite3'}"),
        data_dir=data_dir,
        secret_file=Path(env.get("BATON_SECRET_FILE", str(data_dir / "secret.json"))),
        backup_dir=_path(env.get("BATON_BACKUP_DIR")),
        backup_key_file=_path(env.get("BATON_BACKUP_KEY_FILE")),
        redis_url=_secret(env, "BATON_REDIS_URL") or None,
        base_url=env.get("BATON_BASE_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        timezone=env.get("BATON_TIMEZONE", "Asia/Shanghai"),
        language=env.get("BATON_LANGUAGE", "zh"),
        theme=env.get("BATON_THEME", "default"),
        theme_folders=tuple(Path(part).absolute() for part in env.get("BATON_THEMES", "").split(os.pathsep) if part),
        api_docs=_flag(env.get("BATON_API_DOCS")),
        demo=_flag(env.get("BATON_DEMO")),
        strict_plugins=_flag(env.get("BATON_STRICT_PLUGINS")),
        allowed_plugins=_names(allowed) if allowed is not None else None,
        trusted_proxies=_names(env.get("BATON_TRUSTED_PROXIES")),
        web_threads=int(env.get("BATON_WEB_THREADS", "24")),
        job_threads=int(env.get("BATON_JOB_THREADS", "4")),
        lane_threads=int(env.get("BATON_LANE_THREADS", "2")),
        outbox_lease=float(env.get("BATON_OUTBOX_LEASE", "300")),
        lock_seconds=float(env.get("BATON_LOCK_SECONDS", "10")),
        session_idle_minutes=int(env.get("BATON_SESSION_IDLE_MINUTES", "30")),
        session_absolute_hours=int(env.get("BATON_SESSION_ABSOLUTE_HOURS", "12")),
        session_most=int(env.get("BATON_SESSION_MOST", "5")),
        rp_id=env.get("BATON_RP_ID", ""),
        hook_budget_ms=int(env.get("BATON_HOOK_BUDGET_MS", "80")),
        hook_limit_ms=int(env.get("BATON_HOOK_LIMIT_MS", "3000")),
    )


def normalise_url(url: str) -> str:
    """`postgresql://` and `postgres://` mean psycopg 3 here."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def new_password() -> str:
    """A generated password that a person can type: three groups without look-alikes."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3))
