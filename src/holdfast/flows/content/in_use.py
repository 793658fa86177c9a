"""In use: what words take from catalogues and pools, so that nobody takes it away from under them unawares.

A message that looks something up in a catalogue that is gone is not sent; one that speaks of a field that is gone says
nothing where something was meant. Whoever deletes or replaces what is looked up is told, before anybody is written to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdfast.flows.content.dependants import texts_of_all
from holdfast.kernel.errors import Conflict
from holdfast.messages.liquid.asked import LookedUp
from holdfast.ports.catalogues import Catalogue
from holdfast.ports.state import View

NAMED_MOST = 3
"""How many users a complaint names."""
LOOK_UPS = frozenset({"catalogue", "recommend"})
COUPONS = frozenset({"coupon"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """One text that takes something of a catalogue."""

    who: str
    """In words, such as `the template 'welcome'`."""
    where: str
    takes: LookedUp


async def takers_of(view: View, catalogue: str) -> list[Taker]:
    """Templates, and journeys and campaigns that run or are paused, that look something up in the catalogue."""
    return [
        Taker(who=who, where=where, takes=takes)
        async for who, where, template in texts_of_all(view)
        for takes in template.looked_up()
        if takes.catalogue == catalogue
    ]


async def refuse_used(view: View, tags: Collection[str], name: str, *, called: str) -> None:
    """Complain where words take something of what is to be deleted. Raises Conflict, naming some of them.

    Args:
        tags: those that name it.
        called: what it is, in words.
    """
    users = [
        who
        async for who, _, template in texts_of_all(view)
        if any(each.tag in tags and each.name == name for each in template.sources())
    ]
    users = list(dict.fromkeys(users))
    if users:
        more = f" and {len(users) - NAMED_MOST} more" if len(users) > NAMED_MOST else ""
        said, take = ", ".join(users[:NAMED_MOST]), "take" if len(users) > 1 else "takes"
        raise Conflict(
            f"{said[:1].upper()}{said[1:]}{more} {take} something of {called} {name!r}.",
            code="in_use",
            hint="Change them first, or delete it all the same: allow_unknown, or --allow-unknown.",
        )


def refuse_missed(takers: Sequence[Taker], before: Catalogue, after: Catalogue, gone: Collection[str]) -> None:
    """Complain where words would miss what a catalogue has no more. Raises Conflict, naming the first of them.

    Args:
        takers: those who look something up in it.
        gone: ids of items that were in it, of those the words name.
    """
    missed = [(each, said) for each in takers for said in _missed(each.takes, before, after, gone)]
    if missed:
        first, said = missed[0]
        others = len({each.who for each, _ in missed} - {first.who})
        more = f" So would {others} more." if others else ""
        raise Conflict(
            f"{first.who[:1].upper()}{first.who[1:]} would not hold up with {before.name!r} as it is here: "
            f"{first.where}: {said}{more}",
            code="breaks_others",
            hint="Change them first, or bring it in all the same: allow_unknown, or --allow-unknown.",
        )


def _missed(takes: LookedUp, before: Catalogue, after: Catalogue, gone: Collection[str]) -> Iterator[str]:
    dropped = before.fields.keys() - after.fields.keys()
    for field, line in _in_order(takes.fields):
        if field in dropped:
            yield f"line {line}: there is no field {field!r:.100} any more."
    for item, line in _in_order(takes.items):
        if item in gone:
            yield f"line {line}: there is no item {item!r:.100} any more."
    if takes.ranked and before.ranked_by and not after.ranked_by:
        yield f"its top items went by {before.ranked_by!r:.100}, and go by nothing now."


def _in_order(places: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(places.items(), key=lambda each: (each[1], each[0]))
