"""From which hosts recordings are fetched, and which addresses such a host may have.

Exchanges tell where a recording lies, so without such a list whoever reports calls could have the server ask anything
that only the server reaches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from platform_core.api import Setting, translator

_ = translator("telephony")
_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Hosts:
    """`named`: (host, port), None for the ports of http and https. `networks`: private ones that may be asked."""

    named: frozenset[tuple[str, int | None]]
    networks: tuple[Network, ...]

    def has(self, parts: SplitResult) -> bool:
        """Whether the address names one of them."""
        usual = _PORTS.get(parts.scheme)
        host, port = (parts.hostname or "").lower(), port_of(parts)
        return usual is not None and ((host, port) in self.named or (port == usual and (host, None) in self.named))

    def may_reach(self, text: str) -> bool:
        """Whether a recording may come from this address: a public one, or one of a private network that is named."""
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address.version == network.version and address in network for network in self.networks):
            return True
        return address.is_global and not address.is_multicast


def port_of(parts: SplitResult) -> int | None:
    """None where there is none that could be asked."""
    try:
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def read(text: str) -> Hosts:
    """Raises ValueError for what is neither a host nor a network."""
    named: set[tuple[str, int | None]] = set()
    networks: list[Network] = []
    for part in re.split(r"[\s,;]+", text.lower()):
        if "/" in part:
            networks.append(ip_network(part, strict=False))
        elif part:
            parts = urlsplit(f"//{part}")
            host = parts.hostname or ""
            named.add((host, parts.port))
            if _is_address(host):
                networks.append(ip_network(host))
            elif not _NAME.fullmatch(host):
                raise ValueError(part)
    return Hosts(frozenset(named), tuple(networks))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check(text: str) -> str:
    try:
        read(text)
    except ValueError:
        return _("Write hosts such as pbx.example.com or 10.0.0.5:8088, and networks such as 10.0.0.0/8.")
    return ""


RECORDING_HOSTS = Setting(
    "telephony.recording_hosts", _.lazy("Hosts from which recordings are played"), "",
    help=_.lazy("Such as pbx.example.com, 10.0.0.5:8088; private networks only where named, such as 10.0.0.0/8."),
    check=_check,
)  # fmt: skip
