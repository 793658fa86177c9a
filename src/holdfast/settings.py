"""Every setting, in one table.

A setting is one field of `Settings`: its name, type, default, unit and help. From the field come the key in
`holdfast.toml`, the `HOLDFAST_*` variable, the row in docs/reference/settings.md and the text of every complaint.

Which one counts: a flag, else the variable, else `holdfast.toml` in the data directory, else `holdfast.toml` in the
working directory, else, of some, what was chosen in the console, else the default.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from holdfast.decisions.caps import decode_caps
from holdfast.decisions.closed_days import decode_closed_days
from holdfast.decisions.costs import decode_costs
from holdfast.decisions.fatigue import decode_fatigue
from holdfast.decisions.quiet import decode_quiet
from holdfast.decisions.recovery import decode_holds
from holdfast.kernel.errors import Invalid
from holdfast.messages.heard.agent import Network, read_networks
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.messages.mail.warm_up import decode_warm_ups
from holdfast.messages.pace import Rates, decode_rates
from holdfast.messages.topics import decode_topics
from holdfast.messages.webhook_key import signing_key

PREFIX = "HOLDFAST_"
FILE_NAME = "holdfast.toml"
SECRET_KEY_LEAST = 32
"""Characters: it is used as it is, so that whoever could guess it had everything."""

OTHER_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "HOLDFAST_API_KEY": "The api key the command line uses when it talks to a running server.",
    }
)
"""Variables that start as ours do and are no settings of the server."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a setting's field says about it, beside its name, type and default."""

    help: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    secret: bool = False
    """Never printed, and left out of `repr`."""
    group: Literal["", "workspace", "contact", "sending"] = ""
    """Among which the console shows it, to be changed there; empty for what only whoever runs the server says."""
    live: bool = False
    """Whether running processes take up a change of it in the console; else it holds after a restart."""


def _setting(default: T, help: str, **about: Any) -> T:  # noqa: A002, ANN401 - fields of About, read as a table.
    said = About(help=help, **about)
    made: T = field(default=default, repr=not said.secret, metadata={"about": said})
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this Holdfast is set up. What cannot work together cannot be built: it raises Invalid."""

    # Where it lives.
    data_dir: Path = _setting(Path("holdfast-data"), "The folder everything is kept in.")
    state_url: str = _setting(
        "",
        "The PostgreSQL database that holds the state, such as `postgresql://user:password@db:5432/holdfast`. Empty: a "
        "file in the data directory, which one process can have open.",
        secret=True,
    )
    log_url: str = _setting(
        "",
        "The NATS servers that hold the log, such as `nats://user:password@n1:4222,n2:4222,n3:4222`; a path at the end "
        "names the stream, else it is HOLDFAST. Empty: files in the data directory.",
        secret=True,
    )
    log_credentials: str = _setting("", "A file of NATS credentials (JWT and seed), where the servers ask for one.")
    history_url: str = _setting(
        "",
        "The ClickHouse server that holds the history, such as `https://user:password@clickhouse:8443/holdfast`; the "
        "path names the database. Empty: the engine in this process, and a folder in the data directory.",
        secret=True,
    )
    history_cluster: str = _setting(
        "", "The name of the ClickHouse cluster whose tables `holdfast cluster ddl` made; empty for a single server."
    )
    history_analyst_url: str = _setting(
        "", "The same server by a user who may only read, for the SQL of analysts.", secret=True
    )
    host: str = _setting("127.0.0.1", "The address the server listens on.")
    port: int = _setting(8787, "The port the server listens on; 0 takes a free one.", least=0, most=65535)
    public_url: str = _setting(
        "", "The address links in messages point to. Empty: `http://` with the host and port the server listens on."
    )

    # The workspace.
    workspace_name: str = _setting(
        "My workspace", "The name of the business, as messages and the console show it.", group="workspace", live=True
    )
    help_contact: str = _setting(
        "",
        "Where people get help, such as an address or a number: who answers a message with HELP is told.",
        group="workspace",
        live=True,
    )
    currency: str = _setting("EUR", "The currency of events that name none, as an ISO 4217 code.", group="workspace")
    time_zone: str = _setting(
        "UTC",
        "The time zone whose days, weeks and hours are meant where a segment names none, such as Europe/Berlin.",
        group="workspace",
    )
    embed_sites: str = _setting(
        "",
        "The sites that may show shared boards and insights in a frame, with commas between them: "
        "`https://intranet.example, https://*.wiki.example`; `*` is every site. Empty: none; a shared link opens by "
        "itself in any case.",
    )
    console_open: bool = _setting(
        False, "Let anybody on this machine into the console without a key. Only on a loopback host: the demo uses it."
    )

    approval: Literal["none", "second_person"] = _setting(
        "none",
        "`second_person` keeps whatever would contact people until somebody agrees who did not ask for it, and who has "
        "the permission `approve`; with `none` the console says whether that is asked for.",
    )
    # Signing in by an identity provider.
    oidc_issuer: str = _setting(
        "",
        "The OpenID Connect provider people may sign in by, such as `https://accounts.example.com`. It is to send them "
        "back to the public address with `/session/oidc/back`. Empty: by none.",
    )
    oidc_client_id: str = _setting("", "Who we are to the provider: what it gave us when we were registered there.")
    oidc_client_secret: str = _setting("", "The secret it gave us with that; empty where it gave none.", secret=True)
    oidc_label: str = _setting("Single sign-on", "What the button says that leads to the provider.")
    oidc_domains: str = _setting(
        "",
        "Whose addresses are let in by the provider, with commas between the domains: `a.example, b.example`. Empty: "
        "those of whoever was invited.",
    )
    oidc_default_role: Literal["", "admin", "marketer", "analyst", "agent", "viewer"] = _setting(
        "",
        "What somebody of these domains becomes who was not invited, such as `viewer`. Empty: nobody comes uninvited.",
    )

    secret_key: str = _setting(
        "",
        "What the secrets of connections are sealed with: a long random text, such as `openssl rand -base64 32` makes, "
        "and the same for every process. Empty: a key of its own, in the data directory.",
        secret=True,
    )

    # Email.
    email_sender: str = _setting(
        "Holdfast <hello@holdfast.invalid>",
        "The address mail comes from, with or without a name before it.",
        group="sending",
    )
    mailbox: bool = _setting(
        True, "Keep all messages in the built-in mailbox, to be read in the console, and send none of them out."
    )
    smtp_host: str = _setting("localhost", "The SMTP relay mail is handed to when `mailbox` is false.")
    smtp_port: int = _setting(587, "The relay's port.", least=1, most=65535)
    smtp_user: str = _setting("", "The user name at the relay; empty when it asks for none.")
    smtp_password: str = _setting("", "The password at the relay.", secret=True)
    smtp_tls: Literal["starttls", "tls", "none"] = _setting(
        "starttls", "`starttls` upgrades a plain connection, `tls` encrypts from the start, `none` does neither."
    )

    # What comes back.
    topics: str = _setting(
        "marketing = News and offers; marketing/de = Neuigkeiten und Angebote",
        "What people may choose to hear of on their preferences page, with semicolons between: the topic as send steps "
        "name it, `=`, and its name; a language's own name after a slash, as in `tips/de = Tipps`.",
        group="contact",
        live=True,
    )
    bounce_port: int = _setting(
        0, "The port at which mail servers deliver bounces and complaints by SMTP; 0: nowhere.", least=0, most=65535
    )
    link_traps: bool = _setting(
        True,
        "Put a link that nobody can see into mails: whoever follows it is a machine, and what it does is not counted.",
        group="sending",
    )
    machine_networks: str = _setting(
        "",
        "Networks from which only machines open and click, such as those of link scanners, with commas between: "
        "`192.0.2.0/24, 2001:db8::/32`.",
        group="sending",
    )

    # Webhooks.
    webhook_secret: str = _setting(
        "",
        "What calls to webhooks are signed with, as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64, "
        "such as `openssl rand -base64 32` makes. Empty: a secret that nobody knows, so that nobody can check them.",
        secret=True,
    )
    webhook_private: bool = _setting(
        False,
        "Let webhooks, and templates with linked content, call addresses in private networks and on this machine: what "
        "is there may trust its callers.",
    )
    linked_hosts: str = _setting(
        "",
        "The hosts that templates may call for linked content, with commas between them: `api.shop.example, "
        "*.cdn.example`. Empty: none.",
        group="sending",
    )

    # How fast.
    send_rates: str = _setting(
        "",
        "How fast each channel's provider is given messages, with semicolons between them: `email 50/s; webhook "
        "600/min`. All processes together keep to it. Empty: as fast as it takes them.",
        group="sending",
    )
    domain_rates: str = _setting(
        "",
        "How fast mail goes to a domain, and calls to a web host, such as `gmail.com 20/s; others 5/s`; `others` is "
        "each domain that is not named. Every process that sends keeps to it by itself.",
        group="sending",
    )
    email_warm_up: str = _setting(
        "",
        "For a domain nobody has heard from: how much marketing mail goes out each day, such as `from 2026-12-01: 50, "
        "doubling, to 50000`; in the place of `doubling` a growth such as `+30%` may stand. Each domain mail is from "
        "is counted by itself, and may have a schedule of its own, with semicolons between them: `news.shop.example "
        "from 2026-12-01: 50, doubling, to 50000`. What is transactional goes out in any case, and counts. Days are "
        "those of UTC. Empty: no limit.",
        group="sending",
    )

    # How much people are written to.
    consent_default: Literal["granted", "required"] = _setting(
        "granted",
        "What silence means for marketing: `granted` writes until somebody objects, `required` only once they agreed.",
        group="contact",
        live=True,
    )
    cap_email_per_day: int = _setting(
        3,
        "The most marketing mails a person gets in any 24 hours; 0 means no such limit.",
        unit="mails",
        least=0,
        group="contact",
        live=True,
    )
    cap_email_per_week: int = _setting(
        0,
        "The most marketing mails a person gets in any 7 days; 0 means no such limit.",
        unit="mails",
        least=0,
        group="contact",
        live=True,
    )
    contact_caps: str = _setting(
        "",
        "More such limits, on a channel, about a topic, or in all, with semicolons between them: "
        "`5 in 7 days; 1 in 24 hours about news; 2 in 1 week on email about offers`.",
        group="contact",
        live=True,
    )
    fatigue: str = _setting(
        "",
        "How many marketing messages somebody gets who answers none: `after 5 in 30 days, 1 in 14 days` lets those who "
        "opened none of five have one in any two weeks, until they open or click. Several with semicolons between "
        "them; `on sms` after the first time makes it about one channel.",
        group="contact",
        live=True,
    )
    service_holds: str = _setting(
        "",
        "Events between which somebody gets no marketing, because they wait for their trouble to be solved: "
        "`from Support Ticket Opened until Support Ticket Solved, at most 14 days`. Several with semicolons between "
        "them.",
        group="contact",
        live=True,
    )
    message_costs: str = _setting(
        "",
        "What one message costs on a channel, in cents (minor units of the workspace's currency), such as "
        "`email 0.08; sms 7.5`. Budgets are kept by it; a channel that is not named costs nothing.",
        group="contact",
        live=True,
    )
    quiet_from: str = _setting(
        "",
        "When quiet hours begin, in which nobody gets marketing, such as 21:00, in the person's time zone (their trait "
        "`timezone`, else the workspace's). Empty, as `quiet_until` is then: there are none.",
        group="contact",
        live=True,
    )
    quiet_until: str = _setting(
        "", "When quiet hours end, such as 08:00; they may go through midnight.", group="contact", live=True
    )
    closed_days: str = _setting(
        "",
        "Days on which the business is closed, besides weekends and public holidays: `2026-12-28, 12-24, 2027-08-02 to "
        "2027-08-13`; a day without a year is meant in every year. Schedules that mind days off mind these too.",
        group="contact",
        live=True,
    )
    quiet_policy: Literal["defer", "drop"] = _setting(
        "defer",
        "What becomes of marketing in quiet hours: `defer` sends it when they are over, `drop` never.",
        group="contact",
        live=True,
    )
    global_holdout: float = _setting(
        0.0,
        "The share of people who get no marketing of any kind, such as 5% (in files 0.05), to see what marketing does "
        "as a whole. They are in no arm of any journey's result.",
        least=0,
        most=0.99,
        group="contact",
        live=True,
    )
    global_holdout_rotates: Literal["quarter", "month", "never"] = _setting(
        "quarter",
        "How often those are drawn anew, by the workspace's calendar: so nobody is left alone for good, and what "
        "marketing does is measured for each period by itself.",
        group="contact",
        live=True,
    )

    # What is taken in.
    dedup_days: int = _setting(
        30, "How long a message id is remembered: the same one again within it changes nothing.", unit="days", least=1
    )
    door_requests: int = _setting(
        300,
        "From how many requests with events in a second on `holdfast up` leaves them to a process of its own, which it "
        "starts at a third of that, where there is more than one processor; 0: never.",
        unit="requests",
        least=0,
    )

    hand_events: int = _setting(
        3000,
        "From how many events, timers and people let into campaigns in a second on `holdfast up` has other processes "
        "work out what follows of them, one less than there are processors and three at most, and one more lay out "
        "what is copied into the history; 0: never.",
        unit="events",
        least=0,
    )

    # The log and the archive.
    log_segment_bytes: int = _setting(
        67_108_864, "How large a file of the log grows before the next is begun.", unit="bytes", least=65_536
    )
    log_queue_bytes: int = _setting(
        67_108_864,
        "The most bytes that may wait to become durable; beyond it clients are told to try again later.",
        unit="bytes",
        least=65_536,
    )
    log_keep_days: int = _setting(
        30,
        "How long the log keeps what everybody has read. `holdfast rebuild` makes the state anew from a whole log, or "
        "from a back-up and the log since. 0 keeps it for ever.",
        unit="days",
        least=0,
    )
    archive_flush_ms: int = _setting(
        500, "The longest an event waits before it joins the history.", unit="milliseconds", least=1, most=60_000
    )
    archive_batch_rows: int = _setting(
        10_000, "The most events that join the history at once.", unit="events", least=1, most=1_000_000
    )

    # Asking.
    query_seconds_most: int = _setting(60, "The longest a question to the history may take.", unit="seconds", least=1)
    query_memory_bytes_most: int = _setting(
        4_000_000_000, "The most memory a question to the history may take.", unit="bytes", least=100_000_000
    )

    places: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """No setting: where each one stands that somebody set, such as `HOLDFAST_PORT`, by its name."""

    def __post_init__(self) -> None:
        for name in NAMES:
            _check_range(name, getattr(self, name), about(name))
        for name in ("host", "workspace_name", "email_sender", "smtp_host"):
            if not getattr(self, name).strip():
                raise _invalid(name, "must not be empty.")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise _invalid("currency", f"{self.currency!r} is no ISO 4217 code.", "Write three capitals, such as EUR.")
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, LookupError) as cause:
            raise _invalid(
                "time_zone", f"{self.time_zone!r} is no time zone.", "Write one such as Europe/Berlin."
            ) from cause
        if any(character in self.email_sender for character in "\r\n"):
            raise _invalid("email_sender", "must be one line.")
        if "@" not in self.email_sender:
            raise _invalid(
                "email_sender", f"{self.email_sender!r} is no mail address", "Write one like Shop <hi@a.eu>."
            )
        if self.secret_key and len(self.secret_key) < SECRET_KEY_LEAST:
            hint = "Use a long random text: openssl rand -base64 32."
            raise _invalid("secret_key", f"is shorter than {SECRET_KEY_LEAST} characters.", hint)
        decode_send_rates(self.send_rates)
        decode_domain_rates(self.domain_rates)
        decode_warm_ups(self.email_warm_up, "email_warm_up")
        signing_key(self.webhook_secret, path="webhook_secret")
        decode_caps(self.contact_caps, "contact_caps")
        decode_closed_days(self.closed_days, "closed_days")
        decode_topics(self.topics, "topics")
        decode_machine_networks(self.machine_networks)
        decode_hosts(self.linked_hosts, "linked_hosts")
        decode_sites(self.embed_sites)
        decode_fatigue(self.fatigue, "fatigue")
        decode_holds(self.service_holds, "service_holds")
        decode_costs(self.message_costs, "message_costs")
        decode_quiet(self.quiet_from, self.quiet_until, self.quiet_policy)
        _check_url(self.public_url)
        _check_oidc(self)
        _check_places(self)
        if self.console_open and not is_loopback(self.host):
            raise _invalid(
                "console_open",
                f"would let anybody who reaches {self.host} read everything.",
                "Listen on 127.0.0.1, or leave console_open false and sign in with an api key.",
            )

    @classmethod
    def load(
        cls,
        data_dir: Path | None,
        environ: Mapping[str, str],
        overrides: Mapping[str, object] | None = None,
        *,
        working_dir: Path | None = None,
    ) -> Settings:
        """Read the files there are and put everything together.

        Args:
            data_dir: the data directory if a flag named it.
            environ: the environment's variables.
            overrides: values of flags, by the setting's name; a None means that the flag was not given.
            working_dir: where to look for a `holdfast.toml` that is not in the data directory.

        Raises Invalid for a setting that does not exist, has the wrong type, or cannot be.
        """
        flags = {name: value for name, value in (overrides or {}).items() if value is not None}
        if data_dir is not None:
            flags["data_dir"] = data_dir
        here = _table_of((working_dir or Path.cwd()) / FILE_NAME)
        said = merge(here, {}, environ, flags)
        if said.data_dir.exists() and not said.data_dir.is_dir():
            raise Invalid(
                f"{said.data_dir} is a file.", path="data_dir", hint="Name a directory, by --data for example."
            )
        within = _table_of(said.data_dir / FILE_NAME)
        if "data_dir" in within:
            raise Invalid(
                "the file in the data directory cannot say where the data directory is.",
                path=f"{said.data_dir / FILE_NAME}: data_dir",
                hint=f"Set it by --data, HOLDFAST_DATA_DIR, or in a {FILE_NAME} where you start Holdfast.",
            )
        return merge(here, within, environ, flags) if within else said

    @property
    def is_shared(self) -> bool:
        """Whether state and log are on servers, so that several processes may work on them."""
        return bool(self.state_url and self.log_url)

    @property
    def url(self) -> str:
        """Where this server is reached from outside, with no slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"

    def with_chosen(self, chosen: Mapping[str, object]) -> Settings:
        """These, with what was chosen in the console where nobody set anything by a file, a variable or a flag.

        Raises Invalid for what is no such setting, has the wrong type or cannot be; its path is `$.values.NAME`.
        """
        values: dict[str, Any] = {}
        for name, value in chosen.items():
            _check_name(name, CHOOSABLE, f"$.values.{name}")
            if name not in self.places:
                values[name] = _typed(name, value, f"$.values.{name}")
        try:
            return replace(self, **values)
        except Invalid as error:
            path = f"$.values.{error.path}" if error.path in CHOOSABLE else error.path
            raise Invalid(error.message, code=error.code, path=path, hint=error.hint) from error

    def shown(self) -> dict[str, str]:
        """Every setting as text that may be printed: a secret only says whether it is set."""
        return {
            name: ("(set)" if getattr(self, name) else "(not set)")
            if about(name).secret
            else _text(getattr(self, name))
            for name in NAMES
        }


def decode_send_rates(text: str) -> Rates:
    """The setting `send_rates`. Raises Invalid."""
    return decode_rates(text, "send_rates", example="email 50/s; webhook 600/min")


def decode_machine_networks(text: str) -> tuple[Network, ...]:
    """The setting `machine_networks`. Raises Invalid."""
    try:
        return read_networks(text)
    except ValueError as error:
        hint = "Write networks like 192.0.2.0/24, with commas between."
        raise _invalid("machine_networks", f"{error}.", hint) from error


def decode_domain_rates(text: str) -> Rates:
    """The setting `domain_rates`. Raises Invalid."""
    return decode_rates(text, "domain_rates", example="gmail.com 20/s; others 5/s")


_PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "state_url": ("postgresql", "postgres"),
        "log_url": ("nats", "tls"),
        "history_url": ("http", "https"),
        "history_analyst_url": ("http", "https"),
    }
)
"""The settings that say where things are kept, and what such an address may begin with."""

_TYPES: Mapping[str, Any] = MappingProxyType(get_type_hints(Settings))
NAMES: tuple[str, ...] = tuple(each.name for each in fields(Settings) if "about" in each.metadata)

CHOOSABLE: tuple[str, ...] = tuple(
    each.name for each in fields(Settings) if "about" in each.metadata and each.metadata["about"].group
)
"""What may be chosen in the console."""


def about(name: str) -> About:
    """What the table says of a setting."""
    said: About = Settings.__dataclass_fields__[name].metadata["about"]
    return said


def default_of(name: str) -> object:
    """A setting's default."""
    return Settings.__dataclass_fields__[name].default


def type_words(name: str) -> str:
    """A setting's type as people say it: `whole number`, `true or false`, or the values it may take."""
    kind = _TYPES[name]
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    return _KINDS[kind].words


def options_of(name: str) -> tuple[str, ...]:
    """The values a setting may take, where it is one of a few; else none."""
    kind = _TYPES[name]
    return tuple(get_args(kind)) if get_origin(kind) is Literal else ()


def variable_of(name: str) -> str:
    """The environment variable of a setting: `HOLDFAST_PORT` for `port`."""
    return PREFIX + name.upper()


def is_loopback(host: str) -> bool:
    """Whether the address is one only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def merge(
    here: Mapping[str, object],
    within: Mapping[str, object],
    environ: Mapping[str, str],
    flags: Mapping[str, object],
) -> Settings:
    """The settings that follow from what each place says; pure.

    Args:
        here: the decoded `holdfast.toml` of the working directory.
        within: the decoded `holdfast.toml` of the data directory; it stands above `here`.
        environ: the environment; names that do not start with `HOLDFAST_` are not ours.
        flags: values of flags, already of the right type.
    """
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for file, table in ((FILE_NAME, here), (f"{FILE_NAME} in the data directory", within)):
        for name, value in table.items():
            _check_name(name, NAMES, f"{file}: {name}")
            places[name] = f"{file}: {name}"
            values[name] = _typed(name, value, places[name])
    known = {variable_of(name): name for name in NAMES}
    for variable, text in environ.items():
        if variable.startswith(PREFIX) and variable not in OTHER_VARIABLES:
            _check_name(variable, (*known, *OTHER_VARIABLES), variable)
            places[known[variable]] = variable
            values[known[variable]] = _parsed(known[variable], text, variable)
    for name, value in flags.items():
        _check_name(name, NAMES, name)
        places[name] = _flag_of(name)
        values[name] = _typed(name, value, places[name])
    try:
        return Settings(**values, places=places)
    except Invalid as error:
        # Say it where it was written, not only what it is called.
        path = places.get(error.path, error.path)
        raise Invalid(error.message, code=error.code, path=path, hint=error.hint) from error


@dataclass(frozen=True, slots=True)
class _Kind:
    words: str
    parse: Callable[[str], object]
    """From a variable's text; raises ValueError."""
    accepts: tuple[type, ...]
    """What TOML or a flag may give."""


def _truth_of(text: str) -> bool:
    match text.strip().lower():
        case "true" | "yes" | "on" | "1":
            return True
        case "false" | "no" | "off" | "0":
            return False
        case _:
            raise ValueError(text)


_KINDS: Mapping[type, _Kind] = MappingProxyType(
    {
        bool: _Kind("true or false", _truth_of, (bool,)),
        int: _Kind("whole number", int, (int,)),
        float: _Kind("number", float, (float, int)),
        str: _Kind("text", str, (str,)),
        Path: _Kind("folder", lambda text: Path(text).expanduser(), (str, Path)),
    }
)


def _parsed(name: str, text: str, where: str) -> object:
    kind = _TYPES[name]
    if get_origin(kind) is Literal:
        return _typed(name, text, where)
    try:
        return _typed(name, _KINDS[kind].parse(text), where)
    except ValueError as error:
        raise _wrong_type(name, text, where) from error


def _typed(name: str, value: object, where: str) -> object:
    kind = _TYPES[name]
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise _wrong_type(name, value, where)
        return value
    # A bool is an int to Python; to whoever wrote `port = true` it is a slip.
    if not isinstance(value, _KINDS[kind].accepts) or (isinstance(value, bool) and kind is not bool):
        raise _wrong_type(name, value, where)
    return Path(value).expanduser() if kind is Path and isinstance(value, (str, Path)) else value


def _wrong_type(name: str, value: object, where: str) -> Invalid:
    shown = "what was given" if about(name).secret else repr(value)
    return Invalid(f"{shown} is not {_article(type_words(name))}.", path=where, hint=about(name).help)


def _article(words: str) -> str:
    return f"a {words}" if words in {"whole number", "number", "folder"} else words


def _check_name(name: str, known: Iterable[str], where: str) -> None:
    known = tuple(known)
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "docs/reference/settings.md lists them all."
    raise Invalid(f"there is no setting called {name}.", code="unknown_setting", path=where, hint=hint)


def _check_range(name: str, value: object, said: About) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    if not math.isfinite(value):
        raise _invalid(name, f"{value} is no number to reckon with.", said.help)
    unit = f" {said.unit}" if said.unit else ""
    if said.least is not None and value < said.least:
        raise _invalid(name, f"{value} is too small.", f"The least is {said.least:g}{unit}.")
    if said.most is not None and value > said.most:
        raise _invalid(name, f"{value} is too large.", f"The most is {said.most:g}{unit}.")


def _check_url(url: str) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise _invalid("public_url", f"{url!r} is no web address.", "Write one like https://mail.example.com.")


def _check_oidc(said: Settings) -> None:
    if not said.oidc_issuer:
        return
    parts = urlsplit(said.oidc_issuer)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if (parts.scheme != "https" and not plain) or not parts.netloc or parts.query or parts.fragment:
        raise _invalid(
            "oidc_issuer",
            f"{said.oidc_issuer!r:.200} is no provider's address.",
            "Write one like https://id.example.com.",
        )
    if not said.oidc_client_id:
        raise _invalid("oidc_client_id", "is empty, though there is a provider.", "Register with it; it gives one.")
    if said.oidc_default_role and not decode_names(said.oidc_domains):
        raise _invalid(
            "oidc_default_role",
            "would let in whoever has an account at the provider.",
            "Say in oidc_domains whose addresses are meant.",
        )


_SITE = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")


def decode_sites(said: str) -> tuple[str, ...]:
    """Sites as `embed_sites` has them. Raises Invalid for what is none: it would be read as something else."""
    sites = tuple(name for each in said.replace(",", " ").split() if (name := each.lower().rstrip("/")))
    wrong = next((each for each in sites if each != "*" and not _SITE.fullmatch(each)), None)
    if wrong is not None:
        raise Invalid(
            f"{wrong!r:.120} is no site.",
            path="embed_sites",
            hint="Name sites with their scheme, such as https://intranet.example, or * for every site.",
        )
    return sites


def decode_names(said: str) -> tuple[str, ...]:
    """Names with commas between them, in small letters.

    >>> decode_names(" Shop.example,, b.test ")
    ('shop.example', 'b.test')
    """
    return tuple(name for each in said.split(",") if (name := each.strip().lower()))


def _check_places(said: Settings) -> None:
    for name, schemes in _PLACES.items():
        _check_place(name, getattr(said, name), schemes)
    if bool(said.state_url) is not bool(said.log_url):
        missing, there = ("log_url", "state") if said.state_url else ("state_url", "log")
        raise _invalid(
            missing,
            f"is empty, though the {there} is on a server: the state says how far the log is read.",
            "Set state_url and log_url, or neither.",
        )


def _check_place(name: str, url: str, schemes: tuple[str, ...]) -> None:
    """The address itself is never in a complaint: it may hold a password."""
    if url and not (url.startswith(tuple(f"{each}://" for each in schemes)) and len(url.partition("://")[2]) > 0):
        raise _invalid(name, "is no such address.", f"It begins with {' or '.join(f'{each}://' for each in schemes)}.")


def _invalid(name: str, message: str, hint: str = "") -> Invalid:
    return Invalid(message, path=name, hint=hint)


def _flag_of(name: str) -> str:
    return "--data" if name == "data_dir" else "--" + name.replace("_", "-")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table_of(path: Path) -> Mapping[str, object]:
    """The file's table; empty when there is no such file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot be read as TOML: {error}.", path=str(path)) from error
    except OSError as error:
        raise Invalid(f"cannot be read: {error.strerror}.", path=str(path)) from error
