"""The lists of values that customers start with; admins change them afterwards."""

from __future__ import annotations

from platform_core.contracts.plugin import Dictionary, DictionaryEntry
from platform_core.kernel.i18n import translator

_ = translator("customers")

_STATUS = {
    "new": (_.lazy_pgettext("customer status", "New customer"), ""),
    "interested": (_.lazy("Interested"), "primary"),
    "considering": (_.lazy("Considering"), "amber"),
    "following": (_.lazy("In follow-up"), "primary"),
    "signed": (_.lazy("Signed"), "jade"),
    "delivering": (_.lazy("In delivery"), "teal"),
    "in_service": (_.lazy("In service"), "violet"),
    "dormant": (_.lazy("Dormant"), ""),
    "lost": (_.lazy("Lost"), "red"),
}
_PLAIN: dict[str, tuple[str, dict[str, str]]] = {
    "grade": (
        _.lazy("Grade"),
        {"A": _.lazy("Grade A"), "B": _.lazy("Grade B"), "C": _.lazy("Grade C")},
    ),
    "classification": (
        _.lazy("Classification"),
        {
            "existing": _.lazy("Existing customer"),
            "potential": _.lazy("Potential customer"),
            "partner": _.lazy("Partner"),
            "agent": _.lazy("Agent"),
        },
    ),
    "industry": (
        _.lazy("Industry"),
        {
            "manufacturing": _.lazy("Manufacturing"),
            "it": _.lazy("Software and internet"),
            "finance": _.lazy("Finance"),
            "construction": _.lazy("Construction and real estate"),
            "trade": _.lazy("Trade and retail"),
            "catering": _.lazy("Hotels and catering"),
            "medical": _.lazy("Medicine and health"),
            "education": _.lazy("Education and training"),
            "logistics": _.lazy("Transport and logistics"),
            "consulting": _.lazy("Business services"),
            "media": _.lazy("Culture and media"),
            "energy": _.lazy("Energy and chemistry"),
            "government": _.lazy("Public sector"),
            "other": _.lazy("Other"),
        },
    ),
    "region": (
        _.lazy("Region"),
        {
            "north": _.lazy("North China"),
            "northeast": _.lazy("Northeast China"),
            "east": _.lazy("East China"),
            "central": _.lazy("Central China"),
            "south": _.lazy("South China"),
            "southwest": _.lazy("Southwest China"),
            "northwest": _.lazy("Northwest China"),
            "overseas": _.lazy("Overseas"),
        },
    ),
    "source": (
        _.lazy("Source"),
        {
            "web": _.lazy("Internet search"),
            "referral": _.lazy("Referral"),
            "exhibition": _.lazy("Exhibition"),
            "advertisement": _.lazy("Advertisement"),
            "call_in": _.lazy("Called us"),
            "cold_call": _.lazy("Cold call"),
            "import": _.lazy("List bought or collected"),
            "other": _.lazy("Other"),
        },
    ),
    "size": (
        _.lazy("Size"),
        {
            "to20": _.lazy("Up to 20 people"),
            "to100": _.lazy("21 to 100 people"),
            "to500": _.lazy("101 to 500 people"),
            "to2000": _.lazy("501 to 2,000 people"),
            "more": _.lazy("More than 2,000 people"),
        },
    ),
    "nature": (
        _.lazy("Nature"),
        {
            "private": _.lazy("Private company"),
            "state": _.lazy("State-owned company"),
            "foreign": _.lazy("Foreign-owned company"),
            "joint": _.lazy("Joint venture"),
            "listed": _.lazy("Listed company"),
            "institution": _.lazy("Public institution"),
            "sole": _.lazy("Self-employed"),
        },
    ),
    "education": (
        _.lazy("Education"),
        {
            "secondary": _.lazy("Secondary school"),
            "college": _.lazy("College"),
            "bachelor": _.lazy("Bachelor"),
            "master": _.lazy("Master"),
            "doctor": _.lazy("Doctor"),
        },
    ),
    "release_reason": (
        _.lazy("Why customers are given up"),
        {
            "no_answer": _.lazy("Does not answer"),
            "no_need": _.lazy("No need at present"),
            "not_mine": _.lazy("Somebody else fits better"),
            "no_time": _.lazy("No time for it"),
            "wrong": _.lazy("Number or data wrong"),
            "other": _.lazy("Other"),
        },
    ),
    "relation": (
        _.lazy("What customers are to each other"),
        {
            "employer": _.lazy("Employer"),
            "employee": _.lazy("Employee"),
            "introducer": _.lazy("Introducer"),
            "introduced": _.lazy("Introduced by it"),
            "parent": _.lazy("Parent company"),
            "subsidiary": _.lazy("Subsidiary"),
            "partner": _.lazy_pgettext("relation", "Partner"),
        },
    ),
    "work_status": (
        _.lazy("Work status"),
        {
            "employed": _.lazy("Employed"),
            "self_employed": _.lazy("Runs a business"),
            "looking": _.lazy("Looking for work"),
            "studying": _.lazy("Studying"),
            "retired": _.lazy("Retired"),
        },
    ),
}
_APART = {"relation": _.lazy("Each way of being related has another one as its counterpart.")}


def declared() -> list[Dictionary]:
    """All dictionaries, named `customers.<field>`; entries in the order in which they are shown."""
    status = tuple(
        DictionaryEntry(code, label, tone, order=place * 10)
        for place, (code, (label, tone)) in enumerate(_STATUS.items(), 1)
    )
    plain = [
        Dictionary.plain(f"customers.{name}", label, entries, apart=_APART.get(name, ""))
        for name, (label, entries) in _PLAIN.items()
    ]
    return [Dictionary("customers.status", _.lazy("Status"), status), *plain]
