"""Costs: what a message costs.

Sums are whole thousandths of the minor unit of the workspace's currency (of a cent, where there are cents): a mail
costs less than a cent, and ten thousand of them are counted exactly.
"""

from __future__ import annotations

import re
from decimal import Decimal

from holdfast.decisions.rule_texts import channel_in
from holdfast.kernel.errors import Invalid

THOUSANDTHS = 1_000
COST_MINOR_MOST = 1_000_000
_RULE = re.compile(r"(?P<channel>[a-z0-9][a-z0-9_-]{0,63}) (?P<minor>[0-9]{1,7}(?:\.[0-9]{1,3})?)")
_HINT = "Write what one message costs in cents, such as `email 0.08; sms 7.5`: at most three places after the point."


def decode_costs(text: str, path: str) -> dict[str, int]:
    """What a message costs by channel, in thousandths of a minor unit: `email 0.08; sms 7.5`; empty for nothing.

    Raises Invalid, with `path`.
    """
    costs: dict[str, int] = {}
    for rule in (" ".join(part.split()) for part in text.split(";")):
        if not rule:
            continue
        found = _RULE.fullmatch(rule)
        if found is None or Decimal(found["minor"]) > COST_MINOR_MOST:
            raise Invalid(f"{rule!r:.200} is no cost of a message.", path=path, hint=_HINT)
        if found["channel"] in costs:
            raise Invalid(f"{found['channel']!r} is there twice.", path=path, hint="Keep one of them.")
        costs[channel_in(found["channel"], path)] = int(Decimal(found["minor"]) * THOUSANDTHS)
    return costs
