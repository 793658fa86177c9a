"""The record of an erasure: what was asked, what was done, what was looked for afterwards; sealed, and impersonal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from holdfast.kernel.veil import is_sealed, seal


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What was done in one store."""

    store: str
    looked_for: str
    removed: dict[str, int]
    """Rows, messages or mails, by what they are."""
    at_ms: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search of one store found afterwards."""

    store: str
    looked_for: str
    found: dict[str, int]

    @property
    def nothing(self) -> bool:
        """Whether nothing was."""
        return not any(self.found.values())


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure as it may be shown to anybody: the certificate, once it is done.

    The person is in it by hashes of their names, keyed with the workspace's secret, and by numbers that nobody has any
    more.
    """

    id: str
    requested_ms: int
    by: str
    """Who asked for it: an api key's name, or the way it came."""
    until: int
    """Log entries below this offset were searched; what came later is somebody new."""
    names: list[str]
    identities: list[int]
    last_identity: int
    """The last number given out by then: whoever has a higher one is somebody new."""
    steps: list[Step] = []
    verified: list[Found] = []
    mentioned: int = 0
    """Messages of other people in the log that hold one of the names or addresses as a value of their own."""
    log_gone_by_ms: int | None = None
    """For a log that cannot be rewritten: when its retention has dropped the last of it, at the latest."""
    done_ms: int | None = None
    problem: str = ""
    """What still stands in the way, while it is not done."""
    seal: str = ""

    @property
    def state(self) -> str:
        """`running` or `done`."""
        return "running" if self.done_ms is None else "done"

    def has(self, store: str) -> bool:
        """Whether that store is done."""
        return any(step.store == store for step in self.steps)

    def with_step(self, store: str, looked_for: str, removed: Mapping[str, int], at_ms: int) -> Record:
        """The record with a store done. Done before and done again, because something was left, they add up."""
        before = next((step for step in self.steps if step.store == store), None)
        sums = dict(removed)
        for kind, count in (before.removed if before else {}).items():
            sums[kind] = sums.get(kind, 0) + count
        step = Step(store=store, looked_for=looked_for, removed=sums, at_ms=at_ms)
        return msgspec.structs.replace(self, steps=[*(each for each in self.steps if each.store != store), step])

    def sealed(self, key: bytes, verified: Sequence[Found], done_ms: int) -> Record:
        """The certificate."""
        plain = msgspec.structs.replace(self, verified=list(verified), done_ms=done_ms, problem="", seal="")
        return msgspec.structs.replace(plain, seal=seal(key, encoded(plain)))

    def is_genuine(self, key: bytes) -> bool:
        """Whether it was sealed with the key as it stands."""
        return bool(self.seal) and is_sealed(key, encoded(msgspec.structs.replace(self, seal="")), self.seal)


def encoded(record: Record) -> bytes:
    """Its JSON, the same for the same record."""
    return msgspec.json.encode(record, order="deterministic")


def decoded(text: bytes) -> Record:
    """The record that was encoded."""
    return msgspec.json.decode(text, type=Record)
