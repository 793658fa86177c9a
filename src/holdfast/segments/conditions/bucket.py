"""`bucket`: a share of all people, drawn by lot once and for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Annotated

from holdfast.kernel.chance import place, place_prefix
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.comparison import check_name
from holdfast.segments.condition import Condition, Declared, Facts, FieldKind, Scope, Truth

PLACES = 2**64
Salt = Annotated[
    str, FieldKind("salt", "the name of the draw; another name is another draw", tries=("spring", "a\0😀", "\\n'"))
]
DrawnFrom = Annotated[
    float, FieldKind("drawn_from", "where the bucket begins, in per cent", tries=(0, 1e-6, 10, 33.3, 50, 99))
]
DrawnTo = Annotated[
    float, FieldKind("drawn_to", "where it ends, itself left out, in per cent", tries=(10, 33.3, 50, 99.9, 100))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket(Condition):
    """People whose lot falls in [from_percent, to_percent) under `salt`.

    The lot of a person is a hash of the salt and of the name they are shown under: their oldest user id, else their
    oldest anonymous id. So it stays what it is, also for those who come later; it changes once, when a stranger becomes
    known. Buckets of one salt that do not overlap share nobody; draws of different salts have nothing to do with each
    other.
    """

    salt: Salt
    from_percent: DrawnFrom = 0
    to_percent: DrawnTo = 100

    def __post_init__(self) -> None:
        check_name(self.salt, "$.salt")
        for name in ("from_percent", "to_percent"):
            _check_percent(getattr(self, name), f"$.{name}")
        if self.from_percent >= self.to_percent:
            raise Invalid(
                "Nobody can fall in a bucket that ends where it begins.",
                code="never_true",
                path="$.to_percent",
                hint="Make `to_percent` greater than `from_percent`.",
            )

    def sql(self, scope: Scope) -> Sql:
        lot = fill(
            "reinterpretAsUInt64(substring(SHA256(concat([[prefix]], user_id)), 1, 8))",
            {"prefix": bind("String", place_prefix(self.salt))},
        )
        first, end = _places(self.from_percent), _places(self.to_percent)
        if end == PLACES:  # One more than the type holds.
            return sql("(") + lot + sql(" >= ") + bind("UInt64", first) + sql(")")
        return fill(
            "([[lot]] BETWEEN [[first]] AND [[last]])",
            {"lot": lot, "first": bind("UInt64", first), "last": bind("UInt64", end - 1)},
        )

    def holds(self, facts: Facts, now: datetime) -> Truth:
        return Truth.of(_places(self.from_percent) <= place(self.salt, facts.user_id) < _places(self.to_percent))

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return None

    def words(self) -> str:
        return f"are among {self._drawn()}"

    def denied_words(self) -> str:
        return f"are not among {self._drawn()}"

    def _drawn(self) -> str:
        return f"those drawn from {self.from_percent:.9g} % to {self.to_percent:.9g} % by “{self.salt}”"


def _places(percent: float) -> int:
    """The first place at or beyond so many per cent, exactly."""
    return -int(-Fraction(percent) * PLACES // 100)


def _check_percent(value: object, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid("This is no share.", code="wrong_type", path=path, hint="Write a number such as 10.")
    if not 0 <= value <= 100:
        raise Invalid(
            f"{value} % is no place in a draw.", code="out_of_range", path=path, hint="Use 0 to 100 per cent."
        )


CONDITION = Declared(
    name="bucket",
    label="Drawn by lot",
    about="Holds of a share of all people, drawn by a hash of their name: the same people every time.",
    shape=Bucket,
    examples=(
        Bucket(salt="spring-test", from_percent=0, to_percent=10),
        Bucket(salt="spring-test", from_percent=10, to_percent=100),
    ),
)
