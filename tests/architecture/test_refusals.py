"""A refusal says whom to ask, by name: the endpoint adds the names where the error says which right it is about."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADVISED = {"lacks", "ask"}
NAMED = {"name", "names"}
NOBODY_TO_ASK = {
    "First confirm that it is you": "the reader does it",
    "This token does not change rights": "the reader makes another one",
    "Only somebody at a browser can do this": "the reader goes to one",
    "A program cannot make tokens": "the reader signs in",
    "A program cannot make this address": "the reader signs in",
    "Programs neither decide about files nor fetch them": "the reader signs in",
    "Only a browser looks as somebody else": "the reader signs in",
    "You only look at Baton as somebody else sees it": "the reader goes back",
    "You hold none of this person's rights": "nobody can: there is nothing to see",
    "This page was too old": "the reader reloads",
    "That would be %(used)d customers on paper": "the reader asks for a file, which names who approves",
    "Only telephone agents and exchanges report calls": "an address for devices",
    "This pairing code is not valid": "asked by a device that nobody has recognised",
    "This person works outside of your branch of the house.": "said where nobody reaches the whole house",
}


def refusals() -> list[tuple[str, ast.Call]]:
    sources = sorted([*ROOT.glob("platform_core/**/*.py"), *ROOT.glob("plugins/*/baton_plugins/**/*.py")])
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Forbidden"
    ]


def text_of(call: ast.Call) -> str:
    parts = [part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return parts[0] if parts else ""


def test_every_refusal_names_a_right_people_or_what_the_reader_does() -> None:
    silent, excused = [], set()
    for place, call in refusals():
        given = {item.arg for part in ast.walk(call) if isinstance(part, ast.Call) for item in part.keywords}
        known = [begin for begin in NOBODY_TO_ASK if text_of(call).startswith(begin)]
        excused.update(known)
        if not given & (ADVISED | NAMED) and not known:
            silent.append(f"{place}: {text_of(call)}")
    assert not silent, "\n".join(silent)
    assert excused == NOBODY_TO_ASK.keys()


def test_no_sentence_sends_people_to_a_role_that_has_no_names() -> None:
    """Of what is refused by a right; an address of somebody unknown to us cannot be given names."""
    vague = (
        "Ask an administrator for",
        "Ask a system administrator",
        "Ask a security administrator",
        "Ask the management",
    )
    sentences = [
        f"{place}: {text_of(call)}" for place, call in refusals() if any(each in text_of(call) for each in vague)
    ]
    assert not sentences
