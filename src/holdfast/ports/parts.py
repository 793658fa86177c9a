"""Parts of the people: whose timers fire is found part by part, so that several processes may see to it at once.

A person is of the part their number says. Whoever changes people of one part holds it for as long as the transaction
lasts; those of another may be changed meanwhile. Everything else that changes the state waits until nobody does, and is
waited for, so to all others such a transaction is one like any other.
"""

from __future__ import annotations

from typing import Protocol

PARTS = 16
"""How many there are: more than processes that would share them. The stores' indexes go by it."""


def part_of(number: int) -> int:
    """The part of a person; of an identity, that of the person it began as.

    >>> part_of(1), part_of(18)
    (1, 2)
    """
    return number % PARTS


class PartHolder(Protocol):
    """What may be taken besides the part a transaction was begun with; it is held until the transaction ends."""

    async def take_part(self, part: int) -> bool:
        """Hold this part as well; False when somebody else has it, who is not waited for."""
        ...

    async def take_budgets(self) -> bool:
        """Be the only one who spends what has a budget; False when somebody else is.

        Until then it is not known what is spent: another may be spending.
        """
        ...
