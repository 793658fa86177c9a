"""Settings: one table, five places, and no slip of the pen goes unnoticed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.caps import Cap
from holdfast.decisions.quiet import QuietHours
from holdfast.flows.upkeep.chosen_settings import Chosen
from holdfast.kernel.errors import Invalid
from holdfast.settings import NAMES, Settings, about, default_of, is_loopback, merge, type_words, variable_of
from holdfast.wiring import rules_of
from holdfast.wiring.choices import with_choices


def test_with_nothing_said_the_defaults_count(tmp_path: Path) -> None:
    settings = Settings.load(None, {}, working_dir=tmp_path)

    assert settings == Settings()
    assert settings.url == "http://127.0.0.1:8787"


def test_each_place_stands_above_the_one_before_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "holdfast.toml").write_text('port = 1001\nworkspace_name = "here"\ncurrency = "USD"\nsmtp_port = 26')
    (data / "holdfast.toml").write_text('port = 1002\nworkspace_name = "within"\ncurrency = "GBP"')
    environ = {"HOLDFAST_PORT": "1003", "HOLDFAST_WORKSPACE_NAME": "variable", "PATH": "/bin"}

    settings = Settings.load(data, environ, {"port": 1004, "host": None}, working_dir=tmp_path)

    assert settings.port == 1004
    assert settings.workspace_name == "variable"
    assert settings.currency == "GBP"
    assert settings.smtp_port == 26
    assert settings.host == "127.0.0.1"
    assert settings.data_dir == data


def test_the_working_directory_may_say_where_the_data_is_but_the_data_directory_may_not(tmp_path: Path) -> None:
    data = tmp_path / "elsewhere"
    data.mkdir()
    (tmp_path / "holdfast.toml").write_text(f'data_dir = "{data}"')
    (data / "holdfast.toml").write_text("port = 4000")
    assert Settings.load(None, {}, working_dir=tmp_path).port == 4000

    (data / "holdfast.toml").write_text('data_dir = "/somewhere"')
    with pytest.raises(Invalid, match="cannot say where"):
        Settings.load(None, {}, working_dir=tmp_path)


def test_a_misspelt_variable_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(Invalid) as raised:
        merge({}, {}, {"HOLDFAST_PROT": "80"}, {})

    assert raised.value.path == "HOLDFAST_PROT"
    assert raised.value.code == "unknown_setting"
    assert "HOLDFAST_PORT" in raised.value.hint


def test_a_misspelt_key_in_a_file_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(Invalid) as raised:
        merge({"smtp_hots": "x"}, {}, {}, {})

    assert raised.value.path == "holdfast.toml: smtp_hots"
    assert "smtp_host" in raised.value.hint


def test_a_key_nothing_is_near_to_points_to_the_list() -> None:
    with pytest.raises(Invalid) as raised:
        merge({"zzzzqqqq": 1}, {}, {}, {})
    assert "docs/reference/settings.md" in raised.value.hint


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOLDFAST_PORT": "eighty"}, "HOLDFAST_PORT"),
        ({"HOLDFAST_PORT": "80.5"}, "HOLDFAST_PORT"),
        ({"HOLDFAST_MAILBOX": "maybe"}, "HOLDFAST_MAILBOX"),
        ({"HOLDFAST_SMTP_TLS": "ssl"}, "HOLDFAST_SMTP_TLS"),
        ({"HOLDFAST_PORT": "70000"}, "HOLDFAST_PORT"),
        ({"HOLDFAST_DEDUP_DAYS": "0"}, "HOLDFAST_DEDUP_DAYS"),
        ({"HOLDFAST_CURRENCY": "eur"}, "HOLDFAST_CURRENCY"),
        ({"HOLDFAST_CURRENCY": "EURO"}, "HOLDFAST_CURRENCY"),
        ({"HOLDFAST_PUBLIC_URL": "mail.example.com"}, "HOLDFAST_PUBLIC_URL"),
        ({"HOLDFAST_PUBLIC_URL": "ftp://mail.example.com"}, "HOLDFAST_PUBLIC_URL"),
        ({"HOLDFAST_EMAIL_SENDER": "nobody"}, "HOLDFAST_EMAIL_SENDER"),
        ({"HOLDFAST_EMAIL_SENDER": "a@b.eu\r\nBcc: c@d.eu"}, "HOLDFAST_EMAIL_SENDER"),
        ({"HOLDFAST_WORKSPACE_NAME": "  "}, "HOLDFAST_WORKSPACE_NAME"),
        ({"HOLDFAST_CONSOLE_OPEN": "yes", "HOLDFAST_HOST": "0.0.0.0"}, "HOLDFAST_CONSOLE_OPEN"),
        ({"HOLDFAST_GLOBAL_HOLDOUT": "-0.1"}, "HOLDFAST_GLOBAL_HOLDOUT"),
        ({"HOLDFAST_GLOBAL_HOLDOUT": "1"}, "HOLDFAST_GLOBAL_HOLDOUT"),
        ({"HOLDFAST_GLOBAL_HOLDOUT": "nan"}, "HOLDFAST_GLOBAL_HOLDOUT"),
        ({"HOLDFAST_GLOBAL_HOLDOUT": "5%"}, "HOLDFAST_GLOBAL_HOLDOUT"),
        ({"HOLDFAST_CONTACT_CAPS": "5 a week"}, "HOLDFAST_CONTACT_CAPS"),
        ({"HOLDFAST_QUIET_FROM": "22:00", "HOLDFAST_QUIET_UNTIL": "25:00"}, "HOLDFAST_QUIET_UNTIL"),
        ({"HOLDFAST_QUIET_FROM": "10pm", "HOLDFAST_QUIET_UNTIL": "08:00"}, "HOLDFAST_QUIET_FROM"),
        ({"HOLDFAST_QUIET_FROM": "22:00", "HOLDFAST_QUIET_UNTIL": "22:00"}, "HOLDFAST_QUIET_UNTIL"),
        ({"HOLDFAST_QUIET_UNTIL": "08:00"}, "quiet_from"),
        ({"HOLDFAST_QUIET_POLICY": "wait"}, "HOLDFAST_QUIET_POLICY"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(environ: dict[str, str], path: str) -> None:
    with pytest.raises(Invalid) as raised:
        merge({}, {}, environ, {})
    assert raised.value.path == path


def test_what_cannot_be_is_said_where_it_was_written() -> None:
    wrong = {"port": 70_000}
    for here, within, flags, path in (
        (wrong, {}, {}, "holdfast.toml: port"),
        ({}, wrong, {}, "holdfast.toml in the data directory: port"),
        (wrong, {}, wrong, "--port"),
    ):
        with pytest.raises(Invalid) as raised:
            merge(here, within, {}, flags)
        assert raised.value.path == path


def test_a_file_is_no_data_directory(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("")
    with pytest.raises(Invalid, match="is a file") as raised:
        Settings.load(tmp_path / "orders.csv", {}, working_dir=tmp_path)
    assert raised.value.path == "data_dir"


@pytest.mark.parametrize(
    "table",
    [
        {"port": "80"},
        {"port": True},
        {"port": 80.0},
        {"mailbox": 1},
        {"mailbox": "true"},
        {"host": 127},
        {"data_dir": 1},
        {"global_holdout": "0.1"},
        {"global_holdout": True},
    ],
)
def test_a_file_gives_values_of_the_right_type(table: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        merge(table, {}, {}, {})


@pytest.mark.parametrize(("text", "value"), [("TRUE", True), ("yes", True), ("1", True), ("off", False), ("0", False)])
def test_truth_has_several_spellings_in_a_variable(text: str, value: bool) -> None:
    assert merge({}, {}, {"HOLDFAST_MAILBOX": text}, {}).mailbox is value


def test_the_rules_of_contact_are_those_the_settings_ask_for() -> None:
    table = {
        "time_zone": "Europe/Berlin",
        "cap_email_per_day": 2,
        "contact_caps": "5 in 7 days; 1 in 24 hours about news",
        "quiet_from": "21:30",
        "quiet_until": "08:00",
        "quiet_policy": "drop",
        "global_holdout": 0.05,
    }
    rules = rules_of(merge(table, {}, {}, {}))
    assert rules.caps == (
        Cap(channel="email", most=2, within_seconds=86_400),
        Cap(most=5, within_seconds=604_800),
        Cap(topic="news", most=1, within_seconds=86_400),
    )
    assert rules.quiet == QuietHours(from_minute=1290, until_minute=480, policy="drop")
    assert rules.zone == ZoneInfo("Europe/Berlin")
    assert rules.global_holdout == 0.05
    assert merge({"global_holdout": 0}, {}, {}, {}).global_holdout == 0
    plain = rules_of(merge({"cap_email_per_day": 0}, {}, {}, {}))
    assert (plain.caps, plain.quiet, plain.global_holdout) == ((), None, 0)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text("port =")
    with pytest.raises(Invalid) as raised:
        Settings.load(None, {}, working_dir=tmp_path)
    assert raised.value.path == str(tmp_path / "holdfast.toml")


def test_secrets_are_never_printed() -> None:
    settings = merge({}, {}, {"HOLDFAST_SMTP_PASSWORD": "hunter2"}, {})

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.shown())
    assert settings.shown()["smtp_password"] == "(set)"
    with pytest.raises(Invalid) as raised:
        merge({"smtp_password": 12345678}, {}, {}, {})
    assert "12345678" not in str(raised.value)


def test_every_setting_says_what_it_is_for() -> None:
    for name in NAMES:
        assert about(name).help.endswith("."), name
        assert type_words(name), name
    assert {*NAMES, "places"} == {each.name for each in fields(Settings)}


@pytest.mark.parametrize("name", NAMES)
def test_a_default_written_out_means_the_default(name: str) -> None:
    default = default_of(name)
    text = str(default).lower() if isinstance(default, bool) else str(default)
    assert merge({}, {}, {variable_of(name): text}, {}) == Settings()


@given(name=st.sampled_from(NAMES), at=st.integers(0, 40), letter=st.sampled_from("aeiouxyz_"))
def test_one_wrong_letter_is_never_overlooked(name: str, at: int, letter: str) -> None:
    wrong = name[: at % len(name)] + letter + name[at % len(name) :]
    with pytest.raises(Invalid):
        merge({}, {}, {variable_of(wrong): "1"}, {})


def test_variables_of_others_are_left_alone() -> None:
    assert merge({}, {}, {"HOME": "/root", "HOLDFAST_API_KEY": "ak", "holdfast_port": "1"}, {}) == Settings()


def test_the_url_follows_host_and_port_unless_it_is_given() -> None:
    assert merge({"host": "::1", "port": 9000}, {}, {}, {}).url == "http://[::1]:9000"
    assert merge({"public_url": "https://m.example.com/"}, {}, {}, {}).url == "https://m.example.com"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("shop.eu", False),
    ],
)
def test_loopback_is_known_by_its_address(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_choice_that_does_not_go_with_the_server_takes_no_other_with_it(caplog: pytest.LogCaptureFixture) -> None:
    """Such as one of a newer version that was taken back: caps and quiet hours hold all the same."""
    chosen = Chosen(
        revision=4,
        values={
            "of_a_newer_version": 1,
            "quiet_from": "21:00",
            "contact_caps": "1 in 24 hours",
            "global_holdout": 7.0,
            "quiet_until": "08:00",
        },
    )

    settings = with_choices(Settings(), chosen)

    assert (settings.quiet_from, settings.quiet_until) == ("21:00", "08:00")
    assert settings.contact_caps == "1 in 24 hours"
    assert settings.global_holdout == Settings().global_holdout
    assert [each.split()[0] for each in caplog.messages] == ["of_a_newer_version", "global_holdout"]


def test_quiet_hours_of_which_half_is_lost_are_none(caplog: pytest.LogCaptureFixture) -> None:
    chosen = Chosen(revision=1, values={"quiet_from": "21:00", "quiet_until": "late", "contact_caps": "1 in 24 hours"})

    settings = with_choices(Settings(), chosen)

    assert (settings.quiet_from, settings.quiet_until) == ("", "")
    assert settings.contact_caps == "1 in 24 hours"
    assert len(caplog.records) == 2
