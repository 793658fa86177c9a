"""Lists of people from Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from holdfast.flows.audience import lists
from holdfast.flows.audience.list_members import Keeper, ListChange, Named
from holdfast.flows.audience.used_by import Use

T = TypeVar("T")


class ListKeeper(ABC):
    """Whoever keeps lists of people."""

    @abstractmethod
    def keep(self, work: Callable[[Keeper], Coroutine[Any, Any, T]]) -> T:
        """Do something to the lists, and wait for it."""

    def lists(self) -> list[ListChange]:
        """Every list and how many are on it, in order of id."""
        return self.keep(lists.all_lists)

    def save_list(self, list_id: str, name: str | None = None, user_ids: Iterable[Named] | None = None) -> ListChange:
        """Make a list, or change one; `in_list(list_id)` is the condition of being on it.

        Args:
            name: what people call it; by default what it is called already, else its id.
            user_ids: exactly who is to be on it: user ids, else anonymous ids; the numbers of people; or names of which
                the kind is said (`IdentityKey`). Without them everybody stays. Names nobody goes by are put on the list
                too, and told in the answer.

        Raises Invalid for an id, a name or somebody that cannot be, TooLarge over a million people.
        """
        return self.keep(lambda at: lists.save_list(at, list_id, name, user_ids))

    def change_list(self, list_id: str, *, add: Iterable[Named] = (), remove: Iterable[Named] = ()) -> ListChange:
        """Put people on a list and take people off. Raises NotFound, and as `save_list`."""
        return self.keep(lambda at: lists.change_list(at, list_id, add=add, remove=remove))

    def delete_list(self, list_id: str) -> None:
        """Take everybody off a list and forget it. Raises NotFound, and Conflict naming who asks for it."""
        self.keep(lambda at: lists.delete_list(at, list_id))

    def list_used_by(self, list_id: str) -> tuple[Use, ...]:
        """Who uses a list: segments, journeys, campaigns, KPIs; and where in their definitions. Raises NotFound."""
        return self.keep(lambda at: lists.list_users(at, list_id))
