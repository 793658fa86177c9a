"""Experiments through the real tick and by the call that apps make: told once, kept, and stuck to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from holdfast.events.event import Event, IdentityKey
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import save_segment
from holdfast.flows.content.templates import save_template
from holdfast.flows.experiment.assign import Decided, Decider
from holdfast.flows.experiment.publishing import (
    declare_winner,
    definition_in,
    find_experiment,
    save_experiment,
    stop_experiment,
)
from holdfast.flows.ingest.own import own_records
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import Settlement, Told
from holdfast.ports.templates import SavedTemplate
from holdfast.segments.builders import trait
from holdfast.segments.condition import UTC_ZONE
from tests.unit.flows.test_journey_steps import END, a_journey, a_mail
from tests.unit.flows.test_react import House, does, identify

SHARES = {"bold": 0.5, "control": 0.5}
SPRING: dict[str, Any] = {"id": "spring", "name": "Spring", "variants": SHARES, "state": "running"}
ASKED: dict[str, Any] = {
    "type": "experiment",
    "experiment": "spring",
    "variants": ["bold", "control"],
    "exits": {"bold": "bold", "control": "control", "apart": "apart"},
}
JOURNEY = a_journey(first=ASKED, bold=END, control=END, apart=END)


class Lab(House):
    """A house in which experiments run, and apps ask for them."""

    def __init__(self) -> None:
        super().__init__()
        self.decider = self.another()
        self.full = False

    def another(self) -> Decider:
        """One in another process: it remembers nothing of what was told."""
        return Decider(state=self.state, clock=self.clock, tell=self.tell, zone=UTC_ZONE)

    async def tell(self, events: Sequence[Event]) -> None:
        if self.full:
            raise OSError("the log is full")
        await self.log.append(own_records(events, to_millis(self.clock.now())))

    async def experiment(self, **more: Any) -> int:
        return (await save_experiment(self.state, SPRING | more, by="ann", now=self.clock.now())).version

    async def segment(self, name: str, *, plan: str) -> None:
        await save_segment(self.state, draft_of(name, name, trait("plan") == plan), by="ann", now=self.clock.now())

    async def decide(self, user: str = "ann", *asked: str, kind: Any = "user") -> dict[str, str]:
        found = await self.decider.decide(IdentityKey(kind=kind, value=user), asked or None)
        return {each.experiment: each.variant for each in found}

    async def ways(self) -> list[str]:
        return [each["by"] for each in await self.told("Journey Left")]

    async def variants(self) -> list[tuple[str, str]]:
        return [(each["experiment"], each["variant"]) for each in await self.told("Variant Assigned")]


async def test_a_step_goes_by_the_experiment_and_tells_once() -> None:
    lab = Lab()
    await lab.experiment()
    await lab.publish(JOURNEY)
    people = [f"person-{number}" for number in range(30)]
    for time in ("once", "twice"):
        await lab.happens(*(does("Signed Up", person, message=f"{time}-{person}") for person in people))
    ways = await lab.ways()
    assert ways[:30] == ways[30:]
    assert set(ways) == {"bold", "control"}
    assert await lab.variants() == [("spring", way) for way in ways[:30]]


async def test_an_app_and_a_journey_give_the_same_and_tell_once_between_them() -> None:
    lab = Lab()
    await lab.experiment()
    await lab.publish(JOURNEY)
    for number in range(12):
        given = await lab.decide(f"person-{number}")
        assert await lab.another().decide(IdentityKey(kind="user", value=f"person-{number}")) == [
            Decided(experiment="spring", variant=given["spring"], value=None)
        ]
        await lab.settle()
        await lab.happens(does("Signed Up", f"person-{number}"))
        assert (await lab.ways())[-1] == given["spring"]
    async with lab.state.view() as view:
        names = [IdentityKey(kind="user", value=f"person-{number}") for number in range(12)]
        known = await view.identities(names)
        profiles = await view.profiles([each.id for each in known.values()])
    assert {profile.tallies["Variant Assigned"].count for profile in profiles.values()} == {1}
    assert {profile.tallies["Variant Seen"].count for profile in profiles.values()} == {1}


async def test_a_stranger_who_signs_in_goes_on_with_what_they_saw() -> None:
    lab = Lab()
    await lab.experiment()
    moved = 0
    for number in range(20):
        before = await lab.decide(f"phone-{number}", kind="anonymous")
        alone = await decided_alone(f"user-{number}")
        await lab.settle()
        login = {"type": "identify", "userId": f"user-{number}", "anonymousId": f"phone-{number}"}
        await lab.happens({**login, "messageId": f"l-{number}"})
        assert await lab.decide(f"user-{number}") == before
        assert await lab.decide(f"phone-{number}", kind="anonymous") == before
        moved += alone != before
    assert moved, "by their new name they would draw the same, all of them"


async def decided_alone(user: str) -> dict[str, str]:
    lab = Lab()
    await lab.experiment()
    return await lab.decide(user)


async def test_who_only_looks_tells_the_history_nothing_and_sees_what_is_given_later() -> None:
    lab = Lab()
    await lab.experiment()
    ann = IdentityKey(kind="user", value="ann")
    (looked,) = await lab.decider.decide(ann, ["spring"], only_look=True)
    await lab.settle()
    assert await lab.variants() == []
    assert await lab.told("Variant Seen") == []
    assert await lab.decide() == {"spring": looked.variant}
    await lab.settle()
    assert await lab.variants() == [("spring", looked.variant)]


async def test_what_could_not_be_told_is_told_with_the_next_call() -> None:
    lab = Lab()
    await lab.experiment()
    lab.full = True
    with pytest.raises(OSError, match="full"):
        await lab.decide()
    lab.full = False
    first = await lab.decide()
    await lab.decide()
    await lab.settle()
    assert await lab.variants() == [("spring", first["spring"])]
    assert len(await lab.told("Variant Seen")) == 1
    await lab.later(days=1)
    await lab.decide()
    await lab.settle()
    assert len(await lab.variants()) == 1
    assert len(await lab.told("Variant Seen")) == 2


async def test_values_come_with_variants_and_only_what_is_asked_for() -> None:
    lab = Lab()
    await lab.experiment(values={"bold": {"colour": "red"}, "control": "plain"})
    await lab.experiment(id="summer", variants={"a": 1.0, "b": 0.0})
    await lab.experiment(id="draft", state="draft")
    (spring,) = await lab.decider.decide(IdentityKey(kind="user", value="ann"), ["spring"])
    assert spring.value == {"bold": {"colour": "red"}, "control": "plain"}[spring.variant]
    assert set(await lab.decide()) == {"spring", "summer"}
    assert await lab.decide("ann", "draft") == {}
    with pytest.raises(Invalid, match="no experiment 'autumn'"):
        await lab.decide("ann", "spring", "autumn")


async def test_a_change_of_the_experiment_is_seen_at_once() -> None:
    lab = Lab()
    await lab.happens(identify("ann", plan="gold"))
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    await lab.experiment(audience=gold)
    assert set(await lab.decide()) == {"spring"}
    assert await lab.decide("bob") == {}
    await stop_experiment(lab.state, "spring", now=lab.clock.now())
    assert await lab.decide() == {}


async def test_a_change_of_a_segment_is_seen_at_once() -> None:
    lab = Lab()
    await lab.happens(identify("ann", plan="gold"), identify("bob", plan="blue"))
    await lab.segment("good", plan="gold")
    await lab.experiment(audience={"type": "in_segment", "segment": "good"})
    assert (set(await lab.decide("ann")), set(await lab.decide("bob"))) == ({"spring"}, set())
    await lab.segment("good", plan="blue")
    assert set(await lab.decide("bob")) == {"spring"}


async def test_who_may_be_anybody_is_told_of_no_experiment_with_an_audience() -> None:
    lab = Lab()
    await lab.happens(identify("ann", plan="gold"))
    await lab.experiment(audience={"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"})
    await lab.experiment(id="summer", variants={"a": 1.0, "b": 0.0})
    ann = IdentityKey(kind="user", value="ann")
    assert [each.experiment for each in await lab.decider.decide(ann, openly=True)] == ["summer"]
    assert [each.experiment for each in await lab.decider.decide(ann)] == ["spring", "summer"]


async def test_versions_are_kept_and_the_same_again_makes_none() -> None:
    lab = Lab()
    assert [await lab.experiment(state="draft"), await lab.experiment(), await lab.experiment()] == [1, 2, 2]
    stopped = await stop_experiment(lab.state, "spring", by="ben", now=lab.clock.now())
    assert (stopped.version, stopped.by) == (3, "ben")
    async with lab.state.view() as view:
        assert definition_in(await find_experiment(view, "spring"))["state"] == "stopped"
        assert definition_in(await find_experiment(view, "spring", 1))["state"] == "draft"
        turns = [each for each in await view.turns(after_id=0, limit=99) if each.kind == "experiment"]
        assert [each.said["version"] for each in turns] == [1, 2, 3]
        with pytest.raises(NotFound, match="no version 9"):
            await find_experiment(view, "spring", 9)
        with pytest.raises(NotFound, match="no experiment 'sprig'"):
            await find_experiment(view, "sprig")


async def test_a_winner_is_everybodys_from_then_on_and_what_was_told_first_stays_told() -> None:
    lab = Lab()
    people = [f"person-{number}" for number in range(30)]
    await lab.experiment()
    had = {each: (await lab.decide(each))["spring"] for each in people[:20]}
    assert set(had.values()) == {"bold", "control"}
    await lab.settle()
    declared = await declare_winner(lab.state, "spring", "bold", by="ben", now=lab.clock.now())
    assert (declared.version, declared.by) == (2, "ben")
    assert {(await lab.decide(each))["spring"] for each in people} == {"bold"}
    await lab.settle()
    told = [variant for _, variant in await lab.variants()]
    assert len(told) == len(people), "who had another is not said to have come anew"
    assert told.count("control") == list(had.values()).count("control")
    async with lab.state.view() as view:
        assert definition_in(await find_experiment(view, "spring"))["variants"] == {"bold": 1.0, "control": 0.0}
    again = await declare_winner(lab.state, "spring", "bold", by="ann", now=lab.clock.now())
    assert (again.version, again.by) == (2, "ben"), "said again, it changes nothing"


async def test_a_winner_is_of_what_runs_and_has_it() -> None:
    lab = Lab()
    await lab.experiment(state="draft")
    with pytest.raises(Conflict, match="has not begun") as draft:
        await declare_winner(lab.state, "spring", "bold", now=lab.clock.now())
    assert draft.value.code == "not_running"
    await lab.experiment()
    with pytest.raises(Invalid, match="no variant 'bald'") as unknown:
        await declare_winner(lab.state, "spring", "bald", now=lab.clock.now())
    assert (unknown.value.path, unknown.value.code) == ("$.variant", "unknown_variant")
    assert "bold" in unknown.value.hint
    await stop_experiment(lab.state, "spring", now=lab.clock.now())
    with pytest.raises(Conflict, match="is over"):
        await declare_winner(lab.state, "spring", "bold", now=lab.clock.now())
    with pytest.raises(NotFound, match="no experiment 'sprig'"):
        await declare_winner(lab.state, "sprig", "bold", now=lab.clock.now())


@pytest.mark.parametrize(
    ("change", "path"),
    [({"state": "draft"}, "$.state"), ({"salt": "x"}, "$.salt"), ({"layer": {"id": "checkout"}}, "$.layer")],
)
async def test_what_has_run_is_not_divided_anew(change: dict[str, Any], path: str) -> None:
    lab = Lab()
    await lab.experiment()
    with pytest.raises(Conflict) as caught:
        await lab.experiment(**change)
    assert caught.value.path == path
    assert caught.value.hint


async def test_two_experiments_cannot_have_one_stretch_of_a_layer() -> None:
    lab = Lab()
    await lab.experiment(layer={"id": "checkout", "to": 0.5})
    with pytest.raises(Conflict, match="'spring' has that stretch") as caught:
        await lab.experiment(id="summer", layer={"id": "checkout", "from": 0.25})
    assert "0.5 to 1" in (caught.value.hint or "")
    await lab.experiment(id="summer", layer={"id": "checkout", "from": 0.5})
    await lab.experiment(id="autumn", layer={"id": "search", "from": 0.25})
    await stop_experiment(lab.state, "spring", now=lab.clock.now())
    await lab.experiment(id="winter", layer={"id": "checkout", "to": 0.5})
    went = [tuple(await lab.decide(f"person-{number}", "summer", "winter")) for number in range(40)]
    assert set(went) == {("summer",), ("winter",)}


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({"experiment": "autumn"}, "$.steps.first.experiment"),
        ({"variants": ["bold", "blue"]}, "$.steps.first.variants[1]"),
    ],
)
async def test_a_journey_names_experiments_and_variants_that_are_there(step: dict[str, Any], path: str) -> None:
    lab = Lab()
    await lab.experiment()
    asked = ASKED | step
    asked["exits"] = dict.fromkeys([*asked["variants"], "apart"], "apart")
    with pytest.raises(Invalid) as caught:
        await lab.publish(a_journey(first=asked, apart=END))
    assert caught.value.path == path


async def test_a_journey_sees_a_change_of_the_experiment_with_the_next_tick() -> None:
    lab = Lab()
    await lab.experiment(state="draft")
    await lab.publish(JOURNEY)
    await lab.happens(does("Signed Up", "ann"))
    assert await lab.ways() == ["apart"]
    await lab.experiment()
    await lab.happens(does("Signed Up", "bob"))
    assert (await lab.ways())[-1] in {"bold", "control"}
    await stop_experiment(lab.state, "spring", now=lab.clock.now())
    await lab.happens(does("Signed Up", "bob", message="again"))
    assert (await lab.ways())[-1] == "apart"


async def test_a_template_with_variants_tells_once_which_somebody_was_sent() -> None:
    lab = Lab()
    await lab.publish(a_journey(first=a_mail(), end=END))
    await lab.happens(identify("ann"), identify("bob"), does("Signed Up", "ann"), does("Signed Up", "bob"))
    await lab.happens(does("Signed Up", "ann", message="again"))
    variants = {"ann": "bold", "bob": "plain"}
    assert len(lab.handed) == 3
    for send in list(lab.handed):
        told = Told(template="hi", version=1, variant=variants[send.address[:3]], language="", propensity=0.5)
        lab.reactor.settle([Settlement(key=send.key, state="sent", provider_id="1", told=told)])
        await lab.settle()
    assert sorted(await lab.variants()) == [("hi", "bold"), ("hi", "plain")]
    assert [each["propensity"] for each in await lab.told("Variant Assigned")] == [0.5, 0.5]


async def test_a_template_with_one_variant_and_a_message_that_failed_are_no_experiment() -> None:
    lab = Lab()
    await lab.publish(a_journey(first=a_mail(), end=END))
    await lab.happens(identify("ann"), identify("bob"), does("Signed Up", "ann"), does("Signed Up", "bob"))
    one, other = lab.handed
    alone = Told(template="hi", version=1, variant="a", language="")
    failed = Told(template="hi", version=1, variant="a", language="", propensity=0.5)
    lab.reactor.settle([Settlement(key=one.key, state="sent", provider_id="1", told=alone)])
    lab.reactor.settle([Settlement(key=other.key, state="failed", reason="no", told=failed)])
    await lab.settle()
    assert await lab.variants() == []


async def test_an_experiment_is_called_like_no_template() -> None:
    lab = Lab()
    async with lab.state.begin() as transaction:
        await transaction.put_template(
            SavedTemplate(kind="template", id="spring", name="S", medium="sms", saved_ms=1, definition=b"{}")
        )
    with pytest.raises(Conflict, match="is a template"):
        await lab.experiment()


async def test_a_new_template_is_called_like_no_experiment() -> None:
    lab = Lab()
    written = {"name": "S", "medium": "sms", "language": "en", "content": {"text": "Hi"}}
    await save_template(lab.state, "summer", written, now=lab.clock.now())
    await lab.experiment()
    with pytest.raises(Conflict, match="'spring' is an experiment"):
        await save_template(lab.state, "spring", written, now=lab.clock.now())
    async with lab.state.view() as view:
        assert [each.id for each in await view.templates("template")] == ["summer"]
    again = await save_template(lab.state, "summer", written | {"name": "T"}, now=lab.clock.now())
    assert again.version == 2
