"""The words every stage shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import holdfast.decisions.steps
from holdfast.kernel.catalogue import discover
from holdfast.kernel.chance import share
from holdfast.kernel.errors import Busy, Conflict, Exposed, Invalid, NotFound, TooLarge, Unauthorized
from holdfast.kernel.ids import NEIGHBOURS, effect_key, hash64, neighbouring_key
from holdfast.kernel.moments import LATEST, format_moment, from_millis, parse_moment, to_millis
from holdfast.kernel.money import Money, money_of
from holdfast.kernel.sql import Sql, bind, fill, join, sql


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "currency", "minor"),
        [
            (59.99, "EUR", 5999),  # As a float it is 59.9900000000000019895…
            (0.29, "EUR", 29),
            (1.005, "EUR", 100),
            (0.125, "EUR", 12),  # Half to even.
            (0.375, "EUR", 38),
            ("19.90", "USD", 1990),
            (" 5 ", "USD", 500),
            (1200, "JPY", 1200),
            (1.2345, "KWD", 1234),
            (-7.5, "EUR", -750),
            (0, "EUR", 0),
            (1e-300, "EUR", 0),
        ],
    )
    def test_amounts_become_whole_minor_units(self, amount: object, currency: str, minor: int) -> None:
        assert money_of(amount, currency) == Money(minor=minor, currency=currency)

    @pytest.mark.parametrize(
        "amount", [True, None, "", "free", "1,000", float("nan"), float("inf"), 1e300, "1e400", [], {}]
    )
    def test_what_is_no_amount_is_none(self, amount: object) -> None:
        assert money_of(amount, "EUR") is None

    @pytest.mark.parametrize("currency", ["", "eur", "EURO", "€", "ÄÖÜ"])
    def test_what_is_no_currency_cannot_be_built(self, currency: str) -> None:
        with pytest.raises(ValueError, match="ISO 4217"):
            Money(minor=1, currency=currency)

    @given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
    def test_whole_minor_units_survive_as_text(self, minor: int, currency: str) -> None:
        digits = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
        text = f"{'-' if minor < 0 else ''}{abs(minor) // 10**digits}.{abs(minor) % 10**digits:0{digits}d}"
        assert money_of(text if digits else str(minor), currency) == Money(minor=minor, currency=currency)


class TestMoments:
    @given(st.integers(0, to_millis(LATEST)))
    def test_milliseconds_and_text_come_back(self, millis: int) -> None:
        moment = from_millis(millis)
        assert to_millis(moment) == millis
        assert parse_moment(format_moment(moment)) == moment

    def test_a_zone_is_heeded_and_none_means_utc(self) -> None:
        noon = datetime(2024, 2, 29, 12, tzinfo=UTC)
        assert parse_moment("2024-02-29T12:00:00") == noon
        assert parse_moment("2024-02-29T14:00:00+02:00") == noon
        assert to_millis(noon.astimezone(timezone(timedelta(hours=-9)))) == to_millis(noon)

    @pytest.mark.parametrize("text", ["", "yesterday", "2023-02-29", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z"])
    def test_what_is_no_moment_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            parse_moment(text)

    def test_a_naive_moment_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            to_millis(datetime(2026, 1, 1))  # noqa: DTZ001 - That is the point.


class TestIdsAndChance:
    def test_ids_are_the_same_for_ever(self) -> None:
        """Holdouts and send keys hang on these: were they to change, arms would change and mail would go twice."""
        assert hash64("holdout:cart-rescue", "ann") == 0x2757575A0B44EAD1
        assert effect_key("a", 1) == "2e62af1e126c050a3305ca52c162b6e9"
        assert neighbouring_key("cart-rescue", 1, 3, "send") == "d00983816d641d2691d54db92e58aa2b"

    def test_neighbours_have_names_that_lie_together_and_differ(self) -> None:
        names = [neighbouring_key("sale", number, "send") for number in range(4 * NEIGHBOURS)]
        assert len({*names, *(neighbouring_key("sale", number, "mail") for number in range(4 * NEIGHBOURS))}) == 2_048
        assert {len(each) for each in names} == {32}
        assert len({each[:8] for each in names}) == 4
        in_order = sorted(range(len(names)), key=names.__getitem__)
        crowds = [number // NEIGHBOURS for number in in_order]
        assert sum(one != other for one, other in pairwise(crowds)) == 3
        assert neighbouring_key("other", 1, "send")[:8] != names[1][:8]

    @given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
    def test_parts_do_not_run_together(self, one: list[str], other: list[str]) -> None:
        if one != other and not any("\x1f" in part for part in one + other):
            assert effect_key(*one) != effect_key(*other)

    def test_shares_are_even_and_salts_independent(self) -> None:
        people = [f"person-{number}" for number in range(20_000)]
        first = [share("a", person) < 0.1 for person in people]
        second = [share("b", person) < 0.1 for person in people]
        assert sum(first) == pytest.approx(2_000, abs=150)  # More than three standard deviations.
        assert sum(one and other for one, other in zip(first, second, strict=True)) == pytest.approx(200, abs=50)

    def test_half_an_emoji_has_an_id_too(self) -> None:
        assert hash64("\ud83d") != hash64("\ud83e")


class TestSql:
    def test_values_go_beside_the_text(self) -> None:
        piece = sql("a = ") + bind("String", "'; DROP TABLE x") + sql(" AND b = ") + bind("UInt8", 1)
        assert piece.render() == ("a = {p0:String} AND b = {p1:UInt8}", {"p0": "'; DROP TABLE x", "p1": 1})

    def test_joined_pieces_never_share_a_name(self) -> None:
        text, params = join(", ", [bind("String", "x"), bind("String", "y")]).render()
        assert (text, params) == ("{p0:String}, {p1:String}", {"p0": "x", "p1": "y"})
        assert join(" AND ", []).render() == ("", {})

    def test_a_template_is_filled_in_its_order(self) -> None:
        filled = fill("[[b]] < [[a]]!", {"a": bind("UInt8", 1), "b": bind("UInt8", 2)})
        assert filled.render() == ("{p0:UInt8} < {p1:UInt8}!", {"p0": 2, "p1": 1})
        with pytest.raises(KeyError):
            fill("[[missing]]", {})

    def test_nothing_is_nothing(self) -> None:
        assert Sql().render() == ("", {})


class TestErrors:
    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            (Invalid, 400, "invalid"),
            (Unauthorized, 401, "unauthorized"),
            (NotFound, 404, "not_found"),
            (Conflict, 409, "conflict"),
            (TooLarge, 413, "too_large"),
            (Busy, 503, "busy"),
        ],
    )
    def test_every_kind_has_its_status_and_code(self, kind: type[Exposed], status: int, code: str) -> None:
        error = kind("it is so.", path="$.a", hint="Do so.")
        assert (error.status, error.code, str(error)) == (status, code, "$.a: it is so. Do so.")
        assert error.as_json() == {"code": code, "message": "it is so.", "path": "$.a", "hint": "Do so."}


def test_the_catalogue_finds_every_declaration_in_order() -> None:
    found: dict[str, Any] = discover(holdfast.decisions.steps, "STEP")
    assert list(found) == sorted(found)
    assert {"trigger", "wait", "until", "branch", "send", "exit"} <= set(found)
    assert discover(holdfast.decisions.steps, "NOTHING") == {}
