"""Variants: what somebody got of each experiment when they first got anything of it.

Whoever is one person has one variant of an experiment, the one they were assigned first: so two devices that turn out
to be one person's go on with the earlier of their two, and are as they were when they are parted again.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from holdfast.events.event import OWN_SOURCE, Event
from holdfast.kernel.moments import to_millis

VARIANT_ASSIGNED = "Variant Assigned"
"""What we say of somebody who takes part in an experiment: properties `experiment`, `variant` and `propensity`, the
chance they had of that variant. Told once of each person and experiment, whoever assigns."""

VARIANTS_MOST = 200
"""Of how many experiments a profile remembers the variant: the first in alphabetical order, so that it makes no
difference in which order they are heard of."""


# gc=False: what is JSON holds no cycles, and there are millions of these.
class Assigned(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """Which variant, and when. The earlier one wins, ties by the name of the variant: what is less stands."""

    at_ms: int
    variant: str


Variants = dict[str, Assigned]
"""By the name of the experiment."""


def assigned_by(variants: Variants, event: Event) -> Variants:
    """The variants of an identity after one more event; the very same where it assigns none."""
    if event.name != VARIANT_ASSIGNED or event.source != OWN_SOURCE:
        return variants
    experiment, variant = event.properties.get("experiment"), event.properties.get("variant")
    if not isinstance(experiment, str) or not isinstance(variant, str) or not experiment or not variant:
        return variants
    return earliest(variants, {experiment: Assigned(to_millis(event.timestamp), variant)})


def earliest(one: Variants, other: Variants) -> Variants:
    """The variants of both, of each experiment the one that was assigned first; the order makes no difference."""
    if not (one and other):
        return one or other
    merged = dict(one)
    for experiment, assigned in other.items():
        before = merged.get(experiment)
        merged[experiment] = assigned if before is None else min(before, assigned)
    if len(merged) <= VARIANTS_MOST:
        return merged
    # A name that goes now would go in any order: VARIANTS_MOST names before it stay for ever.
    return {experiment: merged[experiment] for experiment in sorted(merged)[:VARIANTS_MOST]}


def variant_of(variants: Mapping[str, Assigned], experiment: str) -> str | None:
    """The variant of an experiment; empty for who takes no part; None where more took place than is remembered."""
    assigned = variants.get(experiment)
    if assigned is not None:
        return assigned.variant
    return None if len(variants) >= VARIANTS_MOST else ""
