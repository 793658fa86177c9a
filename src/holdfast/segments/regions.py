"""Regions of the world, and which countries are in them, by ISO 3166-1 alpha-2 codes.

Continents and their parts: UN M49, "Standard country or area codes for statistical use" (Taiwan, which M49 does not
list, with Eastern Asia). Unions and groups: their own lists of members, as of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, fill
from holdfast.segments.operator_row import Operator, Takes, timeless
from holdfast.segments.place import Place, denied

_PARTS: Mapping[str, str] = {
    "Northern Africa": "DZ EG EH LY MA SD TN",
    "Western Africa": "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
    "Middle Africa": "AO CD CF CG CM GA GQ ST TD",
    "Eastern Africa": "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW",
    "Southern Africa": "BW LS NA SZ ZA",
    "Northern America": "BM CA GL PM US",
    "Caribbean": "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI",
    "Central America": "BZ CR GT HN MX NI PA SV",
    "South America": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
    "Central Asia": "KG KZ TJ TM UZ",
    "Eastern Asia": "CN HK JP KP KR MN MO TW",
    "South-eastern Asia": "BN ID KH LA MM MY PH SG TH TL VN",
    "Southern Asia": "AF BD BT IN IR LK MV NP PK",
    "Western Asia": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    "Eastern Europe": "BG BY CZ HU MD PL RO RU SK UA",
    "Northern Europe": "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
    "Southern Europe": "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA",
    "Western Europe": "AT BE CH DE FR LI LU MC NL",
    "Australia and New Zealand": "AU CC CX HM NF NZ",
    "Melanesia": "FJ NC PG SB VU",
    "Micronesia": "FM GU KI MH MP NR PW UM",
    "Polynesia": "AS CK NU PF PN TK TO TV WF WS",
}
_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_GROUPS: Mapping[str, str] = {
    "EU": _EU,
    "EEA": f"{_EU} IS LI NO",
    "Eurozone": "AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK",
    "DACH": "AT CH DE",
    "Benelux": "BE LU NL",
    "Nordics": "AX DK FI FO GL IS NO SE",
    "Baltics": "EE LT LV",
    "Gulf States": "AE BH KW OM QA SA",
    "ASEAN": "BN ID KH LA MM MY PH SG TH TL VN",
}


def _joined(*parts: str) -> str:
    return " ".join(_PARTS[each] for each in parts)


def _ending(end: str) -> str:
    return _joined(*(each for each in _PARTS if each.endswith(end)))


_CONTINENTS: Mapping[str, str] = {
    "Africa": _ending("Africa"),
    "Americas": _joined("Northern America", "Caribbean", "Central America", "South America"),
    "Latin America and the Caribbean": _joined("Caribbean", "Central America", "South America"),
    "Asia": _ending("Asia"),
    "Europe": _ending("Europe"),
    "Oceania": _joined("Australia and New Zealand", "Melanesia", "Micronesia", "Polynesia"),
}

REGIONS: Mapping[str, frozenset[str]] = {
    name: frozenset(codes.split()) for name, codes in {**_GROUPS, **_CONTINENTS, **_PARTS}.items()
}
"""Every region by its name; a country may be in many."""


def _spellings(region: str) -> list[str]:
    """The codes in capitals and in small letters."""
    return [spelt for code in sorted(REGIONS[region]) for spelt in (code, code.lower())]


def _in_region(value: Json, operand: str) -> bool:
    return isinstance(value, str) and value in _spellings(operand)


def _in_region_sql(place: Place, operand: str) -> Sql:
    return fill("([[text]] IN [[codes]])", {"text": place.text, "codes": bind("Array(String)", _spellings(operand))})


REGION_OPERATORS: dict[str, Operator] = {
    "is_in_region": timeless(
        "is a country in",
        Takes.REGION,
        _in_region,
        _in_region_sql,
        "EU",
        about="a code of ISO 3166-1, such as `DE` or `de`",
    ),
    "is_not_in_region": timeless(
        "is no country in",
        Takes.REGION,
        lambda value, operand: not _in_region(value, operand),
        denied(_in_region_sql),
        "EU",
        about="there, and not the code of one of its countries",
    ),
}
