"""`near`: within so many kilometres of a place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Annotated

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill
from holdfast.segments.comparison import check_name
from holdfast.segments.condition import Condition, Declared, Facts, FieldKind, Scope, TraitName, Truth
from holdfast.segments.operators import Place
from holdfast.segments.place import all_sql
from holdfast.segments.values import is_missing, is_number

EARTH_RADIUS_KM = 6_371.0088
"""The mean radius. Source: IUGG, Geodetic Reference System 1980, R1."""
KM_MOST = 20_015
"""Half the way round."""
LATITUDE_MOST, LONGITUDE_MOST = 90, 180

Latitude = Annotated[
    float, FieldKind("latitude", "degrees north, -90 to 90", tries=(0, 52.52, -33.86, 90, -90, 0.0001))
]
Longitude = Annotated[
    float, FieldKind("longitude", "degrees east, -180 to 180", tries=(0, 13.405, 151.21, 180, -180, -179.9999))
]
Kilometres = Annotated[
    float, FieldKind("kilometres", "how far away at most", tries=(0.001, 1, 111.195, 111.196, 1_000, 10_007.6, 20_015))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Condition):
    """Two traits that are coordinates name a point no farther than `within_km` from a place.

    The distance is that of a great circle on a globe of the Earth's mean radius: up to half a per cent off. False where
    one of the traits is no number, or no latitude from -90 to 90 or longitude from -180 to 180.
    """

    latitude: Latitude
    longitude: Longitude
    within_km: Kilometres
    latitude_trait: TraitName = "latitude"
    longitude_trait: TraitName = "longitude"

    def __post_init__(self) -> None:
        _check(self.latitude, -LATITUDE_MOST, LATITUDE_MOST, "$.latitude")
        _check(self.longitude, -LONGITUDE_MOST, LONGITUDE_MOST, "$.longitude")
        _check(self.within_km, 0, KM_MOST, "$.within_km")
        check_name(self.latitude_trait, "$.latitude_trait")
        check_name(self.longitude_trait, "$.longitude_trait")

    def sql(self, scope: Scope) -> Sql:
        latitude, longitude = Place(self.latitude_trait), Place(self.longitude_trait)
        pieces = {
            "latitude": latitude.number,
            "longitude": longitude.number,
            "here_latitude": bind("Float64", float(self.latitude)),
            "here_longitude": bind("Float64", float(self.longitude)),
            "here_cosine": bind("Float64", self._cosine),
            "most": bind("Float64", self._most),
            "sine_squared": _SINE_SQUARED_SQL,
        }
        pieces["east"] = fill("abs([[longitude]] - [[here_longitude]])", pieces)
        return all_sql(
            latitude.has_number,
            longitude.has_number,
            fill("abs([[latitude]]) <= 90 AND abs([[longitude]]) <= 180", pieces),
            fill(
                "arrayExists(part -> part[1] + [[here_cosine]] * (1 - 2 * part[2]) * part[3] <= [[most]], "
                "[arrayMap([[sine_squared]], "
                "[ [[latitude]] - [[here_latitude]], [[latitude]], if([[east]] > 180, 360 - [[east]], [[east]]) ])])",
                pieces,
            ),
        )

    def holds(self, facts: Facts, now: datetime) -> Truth:
        latitude = _coordinate(facts.traits, self.latitude_trait, LATITUDE_MOST)
        longitude = _coordinate(facts.traits, self.longitude_trait, LONGITUDE_MOST)
        if latitude is None or longitude is None:
            return Truth.FALSE
        east = abs(longitude - float(self.longitude))
        north_part = _sine_squared(latitude - float(self.latitude))
        east_part = _sine_squared(360 - east if east > LONGITUDE_MOST else east)
        return Truth.of(
            north_part + self._cosine * (1 - 2 * _sine_squared(latitude)) * east_part <= self._most,
        )

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return None

    def words(self) -> str:
        return f"are {self._within()}"

    def denied_words(self) -> str:
        return f"are not known to be {self._within()}"

    def _within(self) -> str:
        traits = f"{self.latitude_trait} and {self.longitude_trait}"
        return f"within {self.within_km:.9g} km of {self.latitude:.9g}, {self.longitude:.9g} by their {traits}"

    @property
    def _cosine(self) -> float:
        return 1 - 2 * _sine_squared(float(self.latitude))

    @property
    def _most(self) -> float:
        """The haversine of the distance, to which that of a point is compared."""
        return _sine_squared(math.degrees(self.within_km / EARTH_RADIUS_KM))


# The sine of half an angle up to a right angle, by its series, whose next term is less than 1e-22. Both engines add and
# multiply alike to the last bit; their own sines they need not have alike.
_TERMS = tuple(math.pow(-1, n) / math.factorial(2 * n + 1) for n in range(12, -1, -1))
_HALF_DEGREE = math.pi / 360


def _sine_squared(degrees: float) -> float:
    """The square of the sine of half an angle of up to 180 degrees, either way."""
    x = degrees * _HALF_DEGREE
    sine = x * reduce(lambda so_far, term: so_far * (x * x) + term, _TERMS)
    return sine * sine


def _sine_squared_sql() -> Sql:
    """The same as a function, to be mapped."""
    series = reduce(
        lambda so_far, term: fill(
            "([[so_far]] * (x * x) + [[term]])", {"so_far": so_far, "term": bind("Float64", term)}
        ),
        _TERMS[1:],
        bind("Float64", _TERMS[0]),
    )
    return fill(
        "degrees -> arrayMap(sine -> sine * sine, [arrayMap(x -> x * [[series]], [degrees * [[half]]])[1]])[1]",
        {"series": series, "half": bind("Float64", _HALF_DEGREE)},
    )


_SINE_SQUARED_SQL = _sine_squared_sql()


def _coordinate(traits: Mapping[str, Json], name: str, most: int) -> float | None:
    value = traits.get(name)
    if not is_number(value) or is_missing(value) or abs(value) > most:  # type: ignore[arg-type]  # A number.
        return None
    return float(value)  # type: ignore[arg-type]  # As above.


def _check(value: object, least: int, most: int, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid("This is not a number.", code="wrong_type", path=path, hint="Write a number such as 52.52.")
    if not least <= value <= most:
        raise Invalid(f"{value} is out of bounds.", code="out_of_range", path=path, hint=f"Use {least} to {most}.")


CONDITION = Declared(
    name="near",
    label="Is near",
    about="Holds of whoever is known to be within so many kilometres of a place, by two traits that are coordinates.",
    shape=Near,
    examples=(
        Near(latitude=52.52, longitude=13.405, within_km=25),
        Near(latitude=48.137, longitude=11.575, within_km=100, latitude_trait="home_lat", longitude_trait="home_lon"),
    ),
)
