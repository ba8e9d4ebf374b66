"""What a column of an uploaded table can become, and which column is probably what.

The titles by which a column is recognised are texts of the catalogue, so that each language brings its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from platform_core.customers.fields import LABELS
from platform_core.customers.forms import DICTIONARY_FIELDS
from platform_core.customers.importing.models import ImportBatch
from platform_core.customers.names import norm
from platform_core.kernel.i18n import LANGUAGES, speaking, translator

_ = translator("customers")

Kind = Literal[
    "text", "name", "phone", "email", "wechat", "date", "birthday", "dictionary", "kind", "gender", "tags", "own"
]


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a column can fill. `titles`: column titles that mean it, separated by semicolons."""

    key: str
    titles: str
    kind: Kind = "text"
    many: bool = False
    """Several columns may feed it."""
    label: str = ""
    contact: int = 0
    """Of which further contact of the row (2, 3) it is."""

    def __str__(self) -> str:
        name = str(self.label or LABELS[self.key])
        return _("Contact %(number)s: %(field)s", number=self.contact, field=name) if self.contact else name


lazy_pgettext = _.lazy_pgettext
_ALL = (
    Target("name", lazy_pgettext("column titles", "name;customer;customer name;company;company name;account"), "name"),
    Target(
        "contact_name",
        lazy_pgettext("column titles", "contact;contact name;contact person;main contact;full name;person"),
        "name",
    ),
    Target(
        "phone",
        lazy_pgettext("column titles", "phone;mobile;phone number;mobile number;telephone;tel;cell;contact phone"),
        "phone",
        many=True,
    ),
    Target("email", lazy_pgettext("column titles", "mail;email;e-mail;mail address;email address"), "email", many=True),
    Target("wechat", lazy_pgettext("column titles", "wechat;wechat id;weixin"), "wechat"),
    Target("kind", lazy_pgettext("column titles", "kind;customer kind;kind of customer"), "kind"),
    Target("code", lazy_pgettext("column titles", "code;customer code;customer no;customer number")),
    Target("short_name", lazy_pgettext("column titles", "short name;abbreviation")),
    Target("classification", lazy_pgettext("column titles", "classification;customer type;type"), "dictionary"),
    Target("status", lazy_pgettext("column titles", "status;customer status;stage"), "dictionary"),
    Target("grade", lazy_pgettext("column titles", "grade;level;rating;customer grade"), "dictionary"),
    Target("industry", lazy_pgettext("column titles", "industry;sector;line of business"), "dictionary"),
    Target("region", lazy_pgettext("column titles", "region;area"), "dictionary"),
    Target("city", lazy_pgettext("column titles", "city;town")),
    Target(
        "address",
        lazy_pgettext("column titles", "address;street;company address;postal address"),
        label=_.lazy("Address"),
    ),
    Target("source", lazy_pgettext("column titles", "source;channel;customer source;lead source"), "dictionary"),
    Target("source_url", lazy_pgettext("column titles", "source link;source url;link;url")),
    Target("collected_on", lazy_pgettext("column titles", "collected on;date collected;collection date;date"), "date"),
    Target("size", lazy_pgettext("column titles", "size;company size;employees;headcount"), "dictionary"),
    Target("nature", lazy_pgettext("column titles", "nature;ownership;company nature;legal form"), "dictionary"),
    Target("legal_person", lazy_pgettext("column titles", "legal representative;legal person")),
    Target("website", lazy_pgettext("column titles", "website;web site;homepage")),
    Target("position", lazy_pgettext("column titles", "position;title;job title;job")),
    Target("gender", lazy_pgettext("column titles", "gender;sex"), "gender"),
    Target(
        "birthday",
        lazy_pgettext("column titles", "birthday;date of birth;birth date"),
        "birthday",
        label=_.lazy("Birthday"),
    ),
    Target("work_status", lazy_pgettext("column titles", "work status;employment"), "dictionary"),
    Target("education", lazy_pgettext("column titles", "education;degree"), "dictionary"),
    Target("tax_no", lazy_pgettext("column titles", "tax number;tax no;tax id")),
    Target("bank", lazy_pgettext("column titles", "bank;bank name")),
    Target("bank_account", lazy_pgettext("column titles", "bank account;account number")),
    Target("credit", lazy_pgettext("column titles", "credit;credit rating")),
    Target("intent", lazy_pgettext("column titles", "intent;interest;demand;need")),
    Target("tags", lazy_pgettext("column titles", "tags;tag;labels;label;keywords"), "tags", many=True),
    Target(
        "notes", lazy_pgettext("column titles", "notes;note;remarks;remark;comment;comments;description"), many=True
    ),
)
_ABOUT_CONTACTS = {
    "name": "contact_name", "position": "position", "phone": "phone", "email": "email", "birthday": "birthday",
}  # fmt: skip
"""Field of a further contact -> the target that says the same of the first one."""
_FIRST = {target.key: target for target in _ALL}
FURTHER = tuple(
    Target(
        f"contact.{number}.{name}", "", "text" if name == "position" else _FIRST[key].kind, _FIRST[key].many,
        label=lazy_pgettext("of a contact", "Name") if name == "name" else _FIRST[key].label or LABELS[key],
        contact=number,
    )
    for number in (2, 3)
    for name, key in _ABOUT_CONTACTS.items()
)  # fmt: skip
TARGETS = {**_FIRST, **{target.key: target for target in FURTHER}}


SUPPLIED = ("source", "classification", "status", "grade", "industry", "region")


class Options(msgspec.Struct, kw_only=True):
    """How rows are taken in."""

    duplicates: Literal["skip", "fill", "overwrite", "import"] = "skip"
    """Of rows whose customer is in the house: leave out; write into its empty fields; write into all fields that the
    row has something for; make another customer. The middle two only where the uploader may edit that customer."""
    newcomers: Literal["import", "leave"] = "import"
    """Of rows whose customer is not in the house: make one, or leave them out, to change what is there and no more."""
    match: Literal["any", "phone", "email", "name", "code"] = "any"
    """What a customer of the house is known by: a number, else the name (to change it: or the code); or one alone."""
    kind: Literal["organisation", "person"] = "organisation"
    """Of rows that do not say it themselves."""
    source: str = ""
    """Code of the source of rows that name none; so the following of theirs."""
    classification: str = ""
    status: str = ""
    grade: str = ""
    industry: str = ""
    region: str = ""

    @property
    def updates(self) -> bool:
        return self.duplicates in {"fill", "overwrite"}

    @property
    def supplied(self) -> dict[str, str]:
        """Field -> code, for new customers whose row does not say it."""
        return {name: code for name in SUPPLIED if (code := getattr(self, name))}

    @property
    def verdicts(self) -> list[str]:
        """Of rows that are taken in."""
        new = ["new"] if self.newcomers == "import" else []
        return [*new, "duplicate" if self.duplicates == "import" else "update"]

    def taken(self, batch: ImportBatch) -> int:
        """How many rows of a checked batch are taken in."""
        counts = {"new": batch.new_rows, "update": batch.update_rows, "duplicate": batch.duplicate_rows}
        return sum(counts[verdict] for verdict in self.verdicts)


@dataclass(slots=True)
class Guess:
    """For each column the key of its target or ""; `options` come from the last time or from the titles."""

    targets: list[str] = field(default_factory=list)
    options: Options = field(default_factory=Options)
    remembered: bool = False


def words(text: str) -> list[str]:
    """The parts of a text of the catalogue that lists several."""
    return re.split("[;\uff1b]", text)


def signature(headers: Sequence[str]) -> str:
    """The same for tables with the same titles in any order."""
    return hashlib.sha256("\n".join(sorted(norm(header) for header in headers)).encode()).hexdigest()


def remembered(
    headers: Sequence[str],
    targets: Mapping[str, Any],
    options: Mapping[str, Any],
    known: Mapping[str, Target] = TARGETS,
) -> Guess:
    """The mapping of the last time for a table with these titles."""
    keys = [str(targets.get(norm(header), "")) for header in headers]
    return Guess([key if key in known else "" for key in keys], msgspec.convert(options, Options), remembered=True)


def guess(headers: Sequence[str], known: Mapping[str, Target] = TARGETS) -> Guess:
    """Exact titles first, then titles that end in a known one, then those that contain one; the longest counts."""
    found = sorted(
        (
            (score, -place, key)
            for place, header in enumerate(headers)
            for key, score in _scores(norm(header), known).items()
        ),
        reverse=True,
    )
    targets = [""] * len(headers)
    for _score, place, key in found:
        if not targets[-place] and (known[key].many or key not in targets):
            targets[-place] = key
    for place, header in enumerate(headers):
        targets[place] = _of_further(norm(header), targets) or targets[place]
    made = Guess(targets)
    if "name" not in targets and "contact_name" in targets:
        # A table of people has no other name than theirs.
        targets[targets.index("contact_name")] = "name"
        made.options.kind = "person"
    return made


def _of_further(header: str, targets: Sequence[str]) -> str:
    """A "phone 2" is of the second contact where the table names one; else it is one more number of the first."""
    for number in {target.contact for target in FURTHER if target.key in targets and target.key.endswith(".name")}:
        for name, key in _ABOUT_CONTACTS.items():
            if header.removesuffix(str(number)) != header and header.removesuffix(str(number)) in _titles_of(
                _FIRST[key]
            ):
                return f"contact.{number}.{name}"
    return ""


def problems(targets: Sequence[str], known: Mapping[str, Target] = TARGETS) -> dict[int, str]:
    """Column -> what is wrong with its target; -1 is the table as a whole."""
    wrong: dict[int, str] = {}
    for place, key in enumerate(targets):
        if key and key not in known:
            wrong[place] = _("Please choose from the list.")
        elif key and not known[key].many and targets.index(key) != place:
            wrong[place] = _("Another column is %(field)s already.", field=str(known[key]))
    if "name" not in targets and "contact_name" not in targets:
        wrong[-1] = _("Say which column holds the name of the customer.")
    return wrong


_titles: dict[str, tuple[str, ...]] = {}


def _titles_of(target: Target) -> tuple[str, ...]:
    """Folded titles of all languages, the target's own label among them."""
    if target.kind == "own":  # these may be called otherwise tomorrow
        return tuple(dict.fromkeys(filter(None, map(norm, words(target.titles)))))
    if target.contact:
        return _further_titles(target)
    if target.key not in _titles:
        written: list[str] = []
        for language in LANGUAGES:
            with speaking(language):
                written += [str(target), *words(str(target.titles))]
        _titles[target.key] = tuple(dict.fromkeys(filter(None, map(norm, written))))
    return _titles[target.key]


def _further_titles(target: Target) -> tuple[str, ...]:
    """The contact's title with its number, and what the column holds behind it."""
    if target.key not in _titles:
        called = [f"{title}{target.contact}" for title in _titles_of(_FIRST["contact_name"])]
        name = target.key.rpartition(".")[2]
        ends = _titles_of(_FIRST[_ABOUT_CONTACTS[name]])
        written = [f"{begin}{end}" for begin in called for end in ends] + (called if name == "name" else [])
        for language in LANGUAGES:
            with speaking(language):
                written.append(norm(str(target)))
        _titles[target.key] = tuple(dict.fromkeys(written))
    return _titles[target.key]


def _scores(header: str, known: Mapping[str, Target]) -> dict[str, tuple[int, int]]:
    """Target -> (3 exact, 2 ends in a title, 1 contains one; length of that title)."""
    scores: dict[str, tuple[int, int]] = {}
    for target in known.values():
        best = (0, 0)
        for title in _titles_of(target):
            if header == title:
                best = max(best, (3, len(title)))
            elif len(title) > 1 and header.endswith(title):
                best = max(best, (2, len(title)))
            elif len(title) > 1 and title in header:
                best = max(best, (1, len(title)))
        if best[0]:
            scores[target.key] = best
    return scores


DICTIONARIES = tuple(f"customers.{name}" for name in DICTIONARY_FIELDS)
