"""The contact rules the settings ask for."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from holdfast.decisions.caps import Cap, decode_caps
from holdfast.decisions.closed_days import decode_closed_days
from holdfast.decisions.costs import THOUSANDTHS, decode_costs
from holdfast.decisions.fatigue import decode_fatigue
from holdfast.decisions.gate import GateRules
from holdfast.decisions.quiet import decode_quiet
from holdfast.decisions.recovery import decode_holds
from holdfast.settings import Settings

DAY_SECONDS = 86_400


def rules_of(settings: Settings, secret: bytes = b"") -> GateRules:
    """The contact rules the settings ask for.

    Args:
        secret: the workspace's, by which those who were erased are known again; without one nobody was.
    """
    wanted = ((settings.cap_email_per_day, DAY_SECONDS), (settings.cap_email_per_week, 7 * DAY_SECONDS))
    caps = tuple(Cap(channel="email", most=most, within_seconds=seconds) for most, seconds in wanted if most)
    return GateRules(
        consent_default=settings.consent_default,
        caps=(*caps, *decode_caps(settings.contact_caps, "contact_caps")),
        quiet=decode_quiet(settings.quiet_from, settings.quiet_until, settings.quiet_policy),
        zone=ZoneInfo(settings.time_zone),
        closed=decode_closed_days(settings.closed_days, "closed_days"),
        global_holdout=settings.global_holdout,
        global_holdout_rotates=settings.global_holdout_rotates,
        fatigue=decode_fatigue(settings.fatigue, "fatigue"),
        service_holds=decode_holds(settings.service_holds, "service_holds"),
        costs=decode_costs(settings.message_costs, "message_costs"),
        veil_key=secret,
    )


def simulated_costs(rules: GateRules) -> dict[str, float]:
    """What a message costs on each channel, in minor units, as simulations take it."""
    return {channel: cost / THOUSANDTHS for channel, cost in rules.costs.items()}
