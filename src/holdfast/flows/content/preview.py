"""Preview: a message as one real person would read it, before anybody does; and as a test, at an address of one's own.

Nothing of it is kept: no send, no event, no coupon. What a preview fetches from the web is fetched, as a message would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from holdfast.decisions.fields import one_of
from holdfast.decisions.gate import GateRules
from holdfast.decisions.medium import Medium, medium_called
from holdfast.events.event import IdentityKey, Json
from holdfast.flows.content.coupons import CouponDesk
from holdfast.flows.content.saved_words import find_saved, load_blocks
from holdfast.flows.content.shelf import Chosen, chosen_of
from holdfast.flows.delivery.filling import Filled, Filler
from holdfast.flows.people.erased import suppressed_of
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Refused, Verdict
from holdfast.messages.provided import PROVIDED_SAVED, check_variables
from holdfast.messages.saved.blocks import blocks_in
from holdfast.messages.saved.checking import Occasion, Remark, remarks_on
from holdfast.messages.saved.languages import language_of, languages_of
from holdfast.messages.saved.saved import ONLY, Variant, Written, decode_template
from holdfast.messages.start_token import start_token
from holdfast.ports.carrier import Carrier
from holdfast.ports.catalogues import ClaimedCode
from holdfast.ports.channel import Channel
from holdfast.ports.clock import Clock
from holdfast.ports.state import Send, State, View
from holdfast.profiles.profile import EMPTY, combine

SAMPLE_CODE = "SAMPLE-CODE"
"""What stands where a coupon will."""
MARK = "[Test] "
_MARKED = ("subject", "title", "text", "body")
"""The first of these that says something bears the mark of a test."""
_MOST = 200
"""Values that are told."""

_Named: TypeAlias = tuple[Written, str, int]
"""A template, its id and its version: no id and 0 for content that is not saved."""


class SampleCoupons(CouponDesk):
    """Gives everybody the same code, which is none: what is only looked at takes nothing from anybody."""

    async def claim(self, pool: str, send: str) -> ClaimedCode | None:
        """The sample; None where there is no such pool."""
        async with self._state.view() as view:
            pools = {each.name for each in await view.coupon_pools()}
        return ClaimedCode(code=SAMPLE_CODE, fresh=False) if pool in pools else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be looked at, and as whom."""

    medium: str = ""
    """Of `content`; a saved template says its own."""
    content: Mapping[str, Json] | None = None
    saved: str = ""
    version: int | None = None
    """Of the saved template; None for the newest."""
    person: str = ""
    """A user id, else an anonymous one; empty for somebody of whom nothing is known."""
    event: Mapping[str, Json] = field(default_factory=dict)
    """What led to the message: `name`, `timestamp` and `properties`."""
    language: str = ""
    """Empty for the person's."""
    variant: str = ""
    """Empty for the person's."""
    transactional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One value that the message asked for."""

    part: str
    line: int
    name: str
    value: Json
    has_default: bool
    """Whether the template says what stands there when there is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What one person would read."""

    medium: Medium
    chosen: Chosen
    words: Words | None
    """None where nothing would be sent."""
    reason: str = ""
    """Why nothing would be."""
    used: tuple[Used, ...] = ()
    remarks: tuple[Remark, ...] = ()


class Office(Protocol):
    """Who writes and who carries a medium's messages."""

    @property
    def channel(self) -> Channel: ...

    @property
    def carrier(self) -> Carrier: ...


class Previewer:
    """Shows messages before they are sent."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        filler: Filler,
        linker: Linker,
        rules: GateRules,
        workspace_name: str,
        time_zone: str,
    ) -> None:
        """Nothing is looked at yet.

        Args:
            filler: puts content into words; its coupons are samples.
            rules: know the addresses of those who were erased.
        """
        self._state = state
        self._clock = clock
        self._filler = filler
        self._linker = linker
        self._rules = rules
        self._workspace: dict[str, Json] = {"name": workspace_name, "time_zone": time_zone}

    def adopt(self, rules: GateRules, *, workspace_name: str) -> None:
        """Go by other contact rules, and another name, from now on."""
        self._rules = rules
        self._workspace = {**self._workspace, "name": workspace_name}

    async def preview(self, wanted: Wanted) -> Preview:
        """The message as the person would read it, and what there is to say about it.

        Raises NotFound for a template or a person that is not there, Invalid and TooLarge for content that is wrong.
        """
        return (await self._looked_at(wanted))[0]

    async def send_test(self, wanted: Wanted, to: str, offices: Mapping[str, Office]) -> tuple[Preview, Verdict]:
        """Send it to an address, marked as a test. It goes past the gate, and counts for nothing.

        Raises as `preview`; Conflict where the address is suppressed, or nothing carries the medium here.
        """
        preview, send = await self._looked_at(wanted, to=to)
        if preview.words is None:
            return preview, Refused(preview.reason)
        office = offices.get(preview.medium.name)
        if office is None:
            raise Conflict(
                f"Nothing sends {preview.medium.label.lower()} messages here.",
                code="no_connection",
                hint="Set up a connection for the channel, or ask the process that sends.",
            )
        async with self._state.view() as view:
            reasons = await suppressed_of(view, self._rules, preview.medium.name, [to]) if to else {}
        if reasons:
            raise Conflict(
                f"{to} is suppressed: {next(iter(reasons.values()))}.",
                code="suppressed",
                path="$.to",
                hint="Use another.",
            )
        try:
            parcel = office.channel.parcel(send, marked(preview.words))
        except ValueError as error:
            raise Invalid(
                str(error), code="bad_address", path="$.to", hint="Write an address of the channel."
            ) from error
        return preview, parcel if isinstance(parcel, Refused) else await office.carrier.carry(parcel)

    async def close(self) -> None:
        """Let go of what is kept open."""
        await self._filler.close()

    async def _looked_at(self, wanted: Wanted, to: str = "") -> tuple[Preview, Send]:
        now = self._clock.now()
        async with self._state.view() as view:
            identity, person = await _person(view, wanted.person)
            named = await _written(view, wanted)
            chosen = await _chosen(view, wanted, named, person)
        check_variables(chosen.content.templates(), PROVIDED_SAVED, path="$.content")
        medium = named[0].medium
        send = _send(medium.name, identity, to or _address(person), to_millis(now))
        variables = self._variables(wanted, person, send) | chosen.variables()
        filled = await self._filler.fill(chosen.content, variables, send)
        preview = Preview(medium=medium, chosen=chosen, words=None, used=_used(chosen, variables))
        if not isinstance(filled, Filled):
            return replace(preview, reason=filled.reason or "The template says not to send it."), send
        occasion = Occasion(transactional=wanted.transactional, unsubscribe=self._linker.unsubscribe(send.key))
        remarks = remarks_on(medium.name, filled.words, occasion)
        return replace(preview, words=filled.words, remarks=tuple(remarks)), send

    def _variables(self, wanted: Wanted, person: dict[str, Json], send: Send) -> dict[str, Json]:
        now = format_moment(self._clock.now())
        return {
            "event": {"name": "", "timestamp": now, "properties": {}, **wanted.event},
            "person": person,
            "links": {
                "unsubscribe": self._linker.unsubscribe(send.key),
                "preferences": self._linker.preferences(send.key),
                "start": start_token(send.identity, self._linker.key),
            },
            "workspace": self._workspace,
            "send": {"key": send.key, "origin": "", "step": "", "created_at": now},
        }


def marked(words: Words) -> Words:
    """The words with the mark of a test on the first that is read."""
    for part in _MARKED:
        if words.text(part).strip():
            return Words({**words.parts, part: MARK + words.text(part)})
    return words


async def _person(view: View, name: str) -> tuple[int, dict[str, Json]]:
    """The number of an identity of theirs, and what a template sees as `person`. Raises NotFound."""
    if not name:
        return 0, {"user_id": ""}
    keys = [IdentityKey(kind="user", value=name), IdentityKey(kind="anonymous", value=name)]
    known = await view.identities(keys)
    identity = next((known[key] for key in keys if key in known), None)
    if identity is None:
        raise NotFound(
            f"There is nobody called {name!r:.120}.",
            path="$.person",
            hint="Look for people: holdfast people find TEXT.",
        )
    members = (await view.members([identity.person]))[identity.person]
    profiles = await view.profiles([each.id for each in members])
    whole = combine(profiles.get(each.id, EMPTY) for each in members)
    return identity.id, {**whole.trait_values(), "user_id": shown_as(members).value}


async def _written(view: View, wanted: Wanted) -> _Named:
    """The template that is to be looked at, and which it is."""
    if (wanted.content is None) is not bool(wanted.saved):
        raise Invalid(
            "Say either `content` or `saved`.", code="contradiction", path="$", hint="`saved` is the id of a template."
        )
    if wanted.content is None:
        saved = await find_saved(view, "template", wanted.saved, wanted.version)
        return decode_template(saved.definition), saved.id, saved.version
    alone = Variant(share=1.0, content=wanted.content, languages={})
    medium = medium_called(wanted.medium, "$.medium")
    return Written(name="", medium=medium, description="", language="", variants={ONLY: alone}), "", 0


async def _chosen(view: View, wanted: Wanted, named: _Named, person: Mapping[str, Json]) -> Chosen:
    written, template_id, version = named
    variant = wanted.variant or written.variant_for(template_id, str(person["user_id"]))
    if variant not in written.variants:
        hint = one_of(variant, tuple(written.variants))
        raise Invalid(f"There is no variant {variant!r:.80}.", code="unknown_variant", path="$.variant", hint=hint)
    asked = language_of(wanted.language)
    languages = (asked,) if asked else languages_of(person)
    parts = written.parts(variant, written.language_for(variant, languages))
    blocks = await load_blocks(view, blocks_in(dict(parts)))
    return chosen_of(
        written, blocks, template=template_id, version=version, variant=variant, wanted=languages, path="$.content"
    )


def _send(medium: str, identity: int, address: str, now_ms: int) -> Send:
    """A send that is none: nobody keeps it."""
    return Send(
        key=effect_key("preview", medium, identity, address, now_ms),
        identity=identity,
        origin_kind="journey",
        origin="test",
        version=0,
        step="",
        channel=medium,
        template="",
        topic="test",
        transactional=True,
        address=address,
        created_ms=now_ms,
        not_before_ms=now_ms,
    )


def _address(person: Mapping[str, Json]) -> str:
    return str(person.get("user_id", ""))


def _used(chosen: Chosen, variables: Mapping[str, Json]) -> tuple[Used, ...]:
    """Every value the texts ask for, in order, with what it is for this person."""
    found = [
        Used(
            part=part,
            line=asked.line,
            name=".".join(asked.name),
            value=_value(variables, asked.name),
            has_default=asked.has_default,
        )
        for part, template in chosen.content.templates()
        for asked in template.asked()
    ]
    return tuple(found[:_MOST])


def _value(variables: Mapping[str, Json], name: Sequence[str]) -> Json:
    value: Json = dict(variables)
    for each in name:
        value = value.get(each) if isinstance(value, dict) else None
    return value


def told(verdict: Verdict) -> tuple[bool, str]:
    """Whether a test was taken, and what the provider said."""
    return isinstance(verdict, Accepted), verdict.provider_id if isinstance(verdict, Accepted) else verdict.reason
