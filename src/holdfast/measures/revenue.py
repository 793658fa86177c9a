"""Revenue: the money an event says it brought."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from holdfast.events.event import Json
from holdfast.kernel.money import Money, money_of

_LETTERS = 3
_REMEMBERED_MOST = 4096


def revenue_of(properties: Mapping[str, Json], workspace_currency: str) -> Money | None:
    """The money of the property `revenue`, a number or a numeric text, in the currency of the property `currency`.

    Without a currency it is the workspace's. A currency that is no three letters makes it no money at all: it would be
    wrong to count pounds as euros.
    """
    amount = properties.get("revenue")
    if amount is None:
        return None
    said = properties.get("currency")
    if type(amount) is float and type(said) is str and len(said) == _LETTERS:
        return _revenue_as_usual(amount, said, workspace_currency)
    return _revenue(amount, said, workspace_currency)


def _revenue(amount: Json, said: Json, workspace_currency: str) -> Money | None:
    currency = currency_code(said, workspace_currency)
    return money_of(amount, currency) if currency else None


# What things cost is said again and again, mostly as JSON has it: to remember it takes a fifth of the time.
_revenue_as_usual = lru_cache(maxsize=_REMEMBERED_MOST)(_revenue)


def currency_code(said: Json, workspace_currency: str) -> str:
    """The ISO 4217 code that was said, in capitals; the workspace's when none was; empty when it is no code."""
    if said is None or said == "":
        return workspace_currency
    if not isinstance(said, str):
        return ""
    code = said.strip().upper()
    return code if len(code) == _LETTERS and code.isascii() and code.isalpha() else ""
