"""Builds the static files from our sources and the npm packages: `python -m platform_core.web.assets`.

Output (`platform_core/web/static/`, not under version control): app.css, app.js, sheets and scripts of
single pages, htmx.min.js, sw.js, icons.svg, the logo, what an installed application needs, and manifest.json, which
maps each file name to a hash of its content for cache-proof URLs.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from platform_core.web.icons import known_icons

WEB = Path(__file__).parent
REPOSITORY = WEB.parents[1]
SOURCES = WEB / "static_src"
CSS_ORDER = ("tokens", "reset", "base", "layout", "components-*", "pages-*", "utilities", "print")
"""Within a layer the later rule wins, so the order of files matters; patterns are expanded alphabetically."""
MANIFEST = "manifest.json"
_AS_THEY_ARE = {".svg", ".png", ".webmanifest"}

_CSS_TOKENS = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/|\s+""", re.DOTALL)
_DARK_BLOCK = re.compile(r':root\[data-scheme="dark"\]\s*\{([^{}]*)\}')
_ICON_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class AssetError(Exception):
    """Something that the build needs is missing."""

    def __init__(self, missing: object, remedy: str) -> None:
        super().__init__(f"{missing} is missing: {remedy}")


def with_auto_scheme(css: str) -> str:
    """Repeat each dark palette for `data-scheme="auto"`, so that nobody keeps two copies of it in step."""
    auto = r':root[data-scheme="dark"] {\1}@media (prefers-color-scheme: dark) { :root[data-scheme="auto"] {\1} }'
    return _DARK_BLOCK.sub(auto, css)


def minify_css(css: str) -> str:
    """Drop comments and needless white space; strings stay as they are."""
    text = _CSS_TOKENS.sub(lambda match: match[1] or " ", css)
    pieces = re.split(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", text)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"\s*([{};,])\s*", r"\1", pieces[i])
        pieces[i] = re.sub(r":\s+", ":", pieces[i]).replace(";}", "}")
    return "".join(pieces).strip() + "\n"


def minify_js(source: str) -> str:
    """Drop comment lines and indentation. Our sources have comments on their own lines and no multi-line strings."""
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def sprite(node_modules: Path, names: Iterable[str]) -> str:
    """One SVG with a `<symbol>` per icon.

    Raises:
        AssetError: the icon set has no icon of that name.
    """
    outline = node_modules / "@tabler" / "icons" / "icons" / "outline"
    symbols: list[str] = []
    for name in sorted(names):
        path = outline / f"{name}.svg"
        body = _ICON_BODY.search(path.read_text("utf-8")) if path.is_file() else None
        if body is None:
            raise AssetError(path, f"{name!r} is no icon of the set, see the names there")
        shapes = re.sub(r"\s+", " ", re.sub(r'<path stroke="none"[^>]*/>', "", body[1])).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def build(
    node_modules: Path, out: Path, *, themes: Path = REPOSITORY / "themes", icons: Iterable[str] | None = None
) -> dict[str, str]:
    """Write all static files to `out` and return the manifest {file name: hash}.

    `icons` defaults to the registry. Raises AssetError when a package, a source or an icon is missing.
    """
    htmx = node_modules / "htmx.org" / "dist" / "htmx.min.js"
    if not htmx.is_file():
        raise AssetError(htmx, "install the npm packages first (make setup)")
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "app.css", minify_css(with_auto_scheme("".join(_read(_css_sources(themes))))))
    # Of pages that few open: everybody fetches app.css and app.js.
    for source in sorted((SOURCES / "css" / "alone").glob("*.css")):
        _write(out / source.name, minify_css(source.read_text("utf-8")))
    for source in sorted((SOURCES / "js" / "alone").glob("*.js")):
        _write(out / source.name, minify_js(source.read_text("utf-8")))
    _write(out / "app.js", minify_js("".join(_read(sorted((SOURCES / "js").glob("*.js"))))))
    _write(out / "icons.svg", sprite(node_modules, known_icons() if icons is None else icons))
    # Without its last line, which points at a source map that is not served.
    _write(out / "htmx.min.js", re.sub(r"\n?//# sourceMappingURL=.*", "", htmx.read_text("utf-8")))
    _write(out / "sw.js", minify_js((SOURCES / "sw.js").read_text("utf-8")))
    for source in sorted(path for path in SOURCES.iterdir() if path.suffix in _AS_THEY_ARE):
        shutil.copyfile(source, out / source.name)
    manifest = {path.name: _hash(path) for path in sorted(out.iterdir()) if path.name != MANIFEST}
    _write(out / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return manifest


def _css_sources(themes: Path) -> Iterator[Path]:
    """Ours in order, and the default theme: what another theme leaves out is to be found there."""
    for pattern in CSS_ORDER:
        found = sorted((SOURCES / "css").glob(f"{pattern}.css"))
        if not found:
            raise AssetError(SOURCES / "css" / f"{pattern}.css", "CSS_ORDER names it")
        yield from found
    yield themes / "default" / "theme.css"


def _read(paths: Iterable[Path]) -> Iterator[str]:
    return (path.read_text("utf-8") + "\n" for path in paths)


def _write(path: Path, text: str) -> None:
    """Replace the file in one step: a running server must never read half of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def main() -> int:
    """Build from ./node_modules of the checkout. Exit status 1 and a message when something is missing."""
    out = WEB / "static"
    try:
        manifest = build(REPOSITORY / "node_modules", out)
    except AssetError as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    sys.stdout.write(f"{len(manifest)} files in {out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
