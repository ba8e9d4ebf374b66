"""What a theme's style sheet may hold, and that the high-contrast one keeps its promise."""

from __future__ import annotations

import itertools
import re

import pytest

from platform_core.web import themes
from platform_core.web.themecss import CssError, Declaration, declarations

TEXTS = ("ink", "ink-2", "ink-3", "ink-4", "brand-t", "jade", "amber", "red", "violet", "teal")
GROUNDS = ("bg", "surface", "surface-2", "sunken", "hover", "sel", "zebra")
TONES = ("jade", "amber", "red", "violet", "teal")
EDGES = (
    "line",
    "line-2",
    "line-ctl",
    "focus-c",
    "halo",
    *(f"{tone}-s" for tone in TONES),
    "c0",
    "c1",
    "c2",
    "c3",
    "c5",
)
FLOATING = (("float-ink", "float"), ("float-link", "float"), ("brand-ink", "brand"), ("brand-ink", "brand-h"))


def test_properties_are_read_with_scheme_condition_and_line():
    text = """/* a comment
    over two lines; with { and } */
    @layer theme {
      :root { --brand: #123456; --x-own: "a { b; c }"; }
      :root[data-scheme="dark"] { --brand:
        #654321 }
      @media (max-width: 760px) and (pointer: coarse) { :root { --ctl: 36px; } }
    }
    """
    assert declarations(text) == [
        Declaration("--brand", "#123456", "light", "", 4),
        Declaration("--x-own", '"a { b; c }"', "light", "", 4),
        Declaration("--brand", "#654321", "dark", "", 5),
        Declaration("--ctl", "36px", "light", "@media (max-width: 760px) and (pointer: coarse)", 7),
    ]


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        (":root { --a: 1px; }", "outside @layer theme", 1),
        ("@layer theme {\n  .pill { --a: 1px; }\n}", ".pill is a rule of its own", 2),
        ("@layer theme {\n  :root {\n    color: red;\n  }\n}", "color is no custom property", 3),
        ("@layer theme {\n  --a: 1px;\n}", "outside :root", 2),
        ("@layer theme { :root { --a: url(//elsewhere/x.png); } }", "--a may not hold url(", 1),
        ("@layer theme { :root { --a: U\\52L(x); } }", "--a may not hold", 1),
        ("@layer theme { :root { --a: 1px !important; } }", "--a may not hold !important", 1),
        ("@import 'x.css';\n@layer theme { :root { --a: 1px; } }", "stands outside", 1),
        ("@layer theme {\n  @supports (color: red) { :root { --a: 1px; } }\n}", "none of the conditions", 2),
        ("@layer theme { :root { .pill { --a: 1px; } } }", "inside :root", 1),
        ("@layer theme {\n  :root {\n    --a: 1px;\n", "is not closed", 4),
        ("@layer theme { :root { --a: ; } }", "--a has no value", 1),
        ('@layer theme { :root { --a: "x; } }', "a text without its end", 1),
        ("@layer theme { :root { --a: 1px; } } }", "a } too many", 1),
        ("@layer theme { :root { --a: 1px; } }\n--b: 2px", "has no end", 2),
        ("@layer pages { :root { --a: 1px; } }", "outside @layer theme", 1),
        ('@layer theme { :root[data-scheme="dark"], body { --a: 1px; } }', "a rule of its own", 1),
    ],
)
def test_anything_else_is_refused_with_its_line(text, told, line):
    with pytest.raises(CssError, match=re.escape(told)) as caught:
        declarations(text)
    assert caught.value.line == line


def values(name: str, scheme: str) -> dict[str, str]:
    """Token -> value of a theme in a scheme on a wide screen, above the default theme's."""
    found = {}
    for theme in (themes.DEFAULT, name):
        read = declarations((themes.OURS / theme / "theme.css").read_text("utf-8"))
        for kind in ("light", "dark")[: 2 if scheme == "dark" else 1]:
            found |= {item.name[2:]: item.value for item in read if item.scheme == kind and not item.media}
    return found


def luminance(colour: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance; `colour` as #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_counted_as_wcag_does():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_high_contrast_keeps_seven_to_one(scheme):
    value = values("contrast", scheme)
    value["zebra"] = value["surface"]  # transparent
    own = [(tone, f"{tone}-{tint}") for tone in TONES for tint in ("50", "100")]
    own += [("brand-t", f"brand-{tint}") for tint in ("50", "100")] + [
        ("ink", f"{tone}-50") for tone in (*TONES, "brand")
    ]
    own += [("ink-2", "violet-50"), ("ink-3", "violet-50"), ("surface", "red"), ("surface", "ink"), ("on-c", "c0")]
    pairs = [*itertools.product(TEXTS, GROUNDS), *own, *FLOATING]
    weak = {pair: round(found, 2) for pair in pairs if (found := contrast(value[pair[0]], value[pair[1]])) < 7}
    assert weak == {}
    dim = {edge: round(found, 2) for edge in EDGES if (found := contrast(value[edge], value["surface"])) < 4.5}
    assert dim == {}


@pytest.mark.parametrize("name", ["default", "compact"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_other_themes_keep_what_aa_asks_for(name, scheme):
    value = values(name, scheme)
    texts = [text for text in TEXTS if text != "ink-4"]
    grounds = [ground for ground in GROUNDS if value.get(ground, "transparent") != "transparent"]
    pairs = [*itertools.product(texts, ("surface", "bg")), *itertools.product(("ink", "ink-2"), grounds), *FLOATING]
    weak = {pair: round(found, 2) for pair in pairs if (found := contrast(value[pair[0]], value[pair[1]])) < 4.5}
    assert weak == {}
    assert contrast(value["line-ctl"], value["surface"]) >= 3
