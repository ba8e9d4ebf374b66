"""Names of the icons that may be used. The sprite holds exactly these; building it fails on any other name.

Names are those of Tabler's outline set. Plugins add theirs with `register_icons` when they are loaded.
"""

from __future__ import annotations

from collections.abc import Iterable

_CORE = """
activity adjustments-horizontal alarm alert-circle alert-triangle archive arrow-back-up arrow-down arrow-left
arrow-right arrow-up at award ban bell bolt bookmark brand-wechat briefcase building building-community
building-skyscraper bulb cake calendar calendar-event calendar-plus cash certificate chart-bar chart-funnel chart-line
check checklist checks chevron-down chevron-left chevron-right chevron-up circle circle-check circle-dashed circle-x
clipboard-check clipboard-list clock clock-hour-4 columns-3 copy credit-card currency-yuan database database-import
device-desktop device-mobile dots dots-vertical download edit external-link eye eye-off file file-import
file-spreadsheet file-text files filter fingerprint flag folder forms gauge gift git-merge grip-vertical hash headset
heart heart-handshake help-circle history home hourglass id-badge-2 inbox info-circle key keyboard language
layout-dashboard layout-kanban layout-list layout-sidebar-left-collapse link list list-check list-details list-search
loader-2 lock lock-open logout mail map-pin menu-2 message message-circle microphone mood-smile moon note notebook
notes palette paperclip pencil phone phone-call phone-incoming phone-off phone-outgoing photo pin player-pause
player-play plug plus printer puzzle puzzle-off quote receipt receipt-refund refresh report report-analytics rocket
rotate-clockwise route school search send settings share shield-check shield-lock shopping-cart sitemap sort-ascending
sort-descending speakerphone star sun switch-horizontal table tag tags target target-arrow template thumb-up tool
transfer trash trending-down trending-up unlink upload user user-check user-circle user-cog user-off user-plus
user-search user-star user-x users users-group video wallet wifi-off world x zoom-in
"""

ICONS: frozenset[str] = frozenset(_CORE.split())

_registered: set[str] = set()


def register_icons(names: Iterable[str]) -> None:
    """Add a plugin's icon names. Names that the icon set lacks are reported when the sprite is built."""
    _registered.update(names)


def known_icons() -> frozenset[str]:
    return ICONS | _registered
