"""A condition: something that is true of a person or not, said twice: in SQL for everyone, in Python for one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql


class Truth(Enum):
    """True, false, or not to be known from here. Unknown is never guessed away."""

    FALSE = 0
    TRUE = 1
    UNKNOWN = 2

    @staticmethod
    def of(value: bool) -> Truth:
        return Truth.TRUE if value else Truth.FALSE

    def negated(self) -> Truth:
        """Not; unknown stays unknown."""
        return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(self, Truth.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """One event of a person, as conditions see it."""

    timestamp: datetime
    properties: Mapping[str, Json]


class Facts(Protocol):
    """What is known of one person."""

    @property
    def traits(self) -> Mapping[str, Json]:
        """Their traits as they stand."""
        ...

    def past(self, event: str) -> Iterable[PastEvent] | None:
        """Every event of that name, in any order; None when not all are at hand."""
        ...

    def count(self, event: str, *, since: datetime | None, until: datetime) -> int | None:
        """How many events of that name in (since, until]; None when it is not to be known from here."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a condition is asked in SQL: the workspace and the moment. Both go in as bound values."""

    workspace: int
    as_of_ms: int


class Condition(ABC):
    """Something that is true of a person or not.

    Subclasses are frozen dataclasses; their fields are their JSON form, under `type`. They combine with `&`, `|`, `~`.
    """

    __slots__ = ()

    @abstractmethod
    def sql(self, scope: Scope) -> Sql:
        """A boolean ClickHouse expression over one row of the people table (column `person`, maps of traits)."""

    @abstractmethod
    def holds(self, facts: Facts, now: datetime) -> Truth:
        """Whether it holds for one person at `now`."""

    @abstractmethod
    def words(self) -> str:
        """The condition in plain words, to follow `People who `."""
