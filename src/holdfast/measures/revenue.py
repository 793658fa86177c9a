"""Revenue: the money an event says it brought."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.events.event import Json
from holdfast.kernel.money import Money, money_of


def revenue_of(properties: Mapping[str, Json], workspace_currency: str) -> Money | None:
    """The money of the property `revenue`, a number or a numeric text, in the currency of the property `currency`.

    Without a currency it is the workspace's. A currency that is no three letters makes it no money at all: it would be
    wrong to count pounds as euros.
    """
    amount = properties.get("revenue")
    if amount is None:
        return None
    currency = currency_code(properties.get("currency"), workspace_currency)
    return money_of(amount, currency) if currency else None


def currency_code(said: Json, workspace_currency: str) -> str:
    """The ISO 4217 code that was said, in capitals; the workspace's when none was; empty when it is no code."""
    if said is None or said == "":
        return workspace_currency
    if not isinstance(said, str):
        return ""
    code = said.strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else ""
