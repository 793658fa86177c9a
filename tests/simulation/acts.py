"""What people, programs and the shop's own people do to a process that runs."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

from holdfast.events.event import IdentityKey
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import apply_segments
from holdfast.flows.delivery.dead_letters import Which, drop_letters, replay_letters
from holdfast.flows.ingest.replay import replay
from holdfast.flows.journey.calling import Line, Named, call_audience, call_people
from holdfast.flows.journey.decide import publish, set_state
from holdfast.flows.journey.runs import RunVerb, change_run
from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.errors import Exposed
from holdfast.messages.links import Link, LinkKind, encode_link
from holdfast.ports.log import Record
from holdfast.wiring import Application
from tests.simulation import shop
from tests.simulation.plans import ACTS, DEVICES, USERS, Act, Batch
from tests.simulation.world import DAY_MS, World


class Actor:
    """Acts on one application."""

    def __init__(self, world: World, app: Application) -> None:
        self.world = world
        self.app = app
        self.chance = world.chance

    async def act(self) -> None:
        """One act, drawn."""
        act: Act = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
        await self._tolerated(act)

    async def _tolerated(self, act: Act) -> None:
        with contextlib.suppress(Exposed):  # What cannot be done is refused, and that is that.
            await self._do(act)

    def young(self) -> list[Batch]:
        """Requests that may come again: what comes later than `dedup_days` is new."""
        return [each for each in self.world.batches if self._is_young(each.first_ms)]

    async def collect(self, batch: Batch) -> None:
        """The request comes, once more perhaps."""
        world = self.world
        names = ", ".join(str(each.get("event", each["type"])) + " " + each["messageId"] for each in batch.messages)
        world.say(f"{batch.messages[0].get('userId', 'somebody')} says {names}")
        await self.app.collector.collect("batch", batch.body, "default")
        moment = world.witness.happened()
        if batch.acknowledged_at is None:
            batch.acknowledged_at = moment

    async def free_runs(self) -> None:
        """Let runs that are held or paused go on."""
        for each in list(self.world.tables.runs.values()):
            verb: RunVerb | None = {"held": "confirm", "paused": "resume"}.get(each.state)  # type: ignore[assignment]  # These two.
            if verb is not None:
                with contextlib.suppress(Exposed):
                    await change_run(self.app.state, each.origin, each.id, verb, now=self.world.clock.now())

    async def _do(self, act: Act) -> None:  # noqa: C901, PLR0912 - A table of acts, each a line or three.
        world, app, now = self.world, self.app, self.world.clock.now()
        match act:
            case "say" | "released":
                talk = world.chatter.batch if act == "say" else world.chatter.released
                batch = talk(world.clock.now_ms)
                world.batches.append(batch)
                await self.collect(batch)
            case "again" | "retry":
                young = [each for each in self.young() if act == "again" or each.acknowledged_at is None]
                if young:
                    await self.collect(self.chance.choice(young))
            case "garbage":
                # As a request that an older Holdfast let in, and this one's limits do not.
                await app.log.append(
                    [Record(kind="batch", source="default", received_ms=world.clock.now_ms, body=b'{"batch": [')]
                )
            case "called":
                await self._call()
            case "merge":
                world.merged_by_hand = True
                await merge(app.state, *self.chance.sample(USERS, 2), by="a test", now=now)
            case "unmerge":
                world.merged_by_hand = True
                await unmerge(app.state, self.chance.randint(1, 12), by="a test", now=now)
            case "pause" | "publish" | "stop":
                await self._decide(act)
            case "run":
                await self._steer()
            case "segment":
                meaning = self.chance.choice((shop.segments()["keen"], shop.other_keen()))
                world.say("the shop changes who is keen")
                await apply_segments(
                    app.state,
                    [replace(draft_of("keen", "keen", meaning), live=True)],
                    by="a test",
                    now=now,
                    whole=False,
                )
            case "unsubscribe" | "read":
                await self._receipt("unsubscribe" if act == "unsubscribe" else "open")
            case "replay":
                await replay(app.state, app.collector, ids=None, bodies={}, now=now)
            case "letters":
                await self._letters()
            case "erase":
                await self._erase()
            case "prepare":
                await app.preparer.prepare()

    async def _call(self) -> None:
        world, app = self.world, self.app
        now = world.clock.now()
        again = [key for key, at_ms in world.calls.items() if self._is_young(at_ms)]
        key = self.chance.choice(again) if again and self.chance.random() < 0.4 else f"call-{len(world.calls)}"
        world.calls.setdefault(key, world.clock.now_ms)
        world.say(f"a program calls {key}")
        if self.chance.random() < 0.5:
            await call_audience(app.state, "called", key, properties={}, now=now)
            app.preparer.wanted.set()
            return
        line = Line(state=app.state, tell=app.tell, catch_up=app.catch_up, rules=world.rules, zone=app.zone)
        people = [Named(key=IdentityKey(kind="user", value=each)) for each in self.chance.sample(USERS, 2)]
        await call_people(line, "called", key, people, properties={}, now=now)

    async def _decide(self, act: Act) -> None:
        """Pause, resume, stop, or publish anew; some of those under way are moved to the new version."""
        world, app = self.world, self.app
        published = shop.decisions(world.wait_seconds)
        name = self.chance.choice(list(published))
        kind, document = published[name]
        if act == "pause":
            verb: Any = self.chance.choice(("pause", "resume", "resume"))
        elif act == "stop":
            verb = "stop"
        else:
            version = world.versions.get(name, 1) % 3 + 1
            kind, document = shop.decisions(world.wait_seconds, version)[name]
            steps = [each for each in document.get("steps", {}) if each not in shop.STARTS]
            move = {each: each for each in steps if self.chance.random() < 0.5}
            world.say(f"the shop publishes {name} anew, moving {move}")
            await publish(app.state, kind, json.dumps(document).encode(), now=world.clock.now(), move=move)
            world.versions[name] = version
            return
        world.say(f"the shop lets {name} {verb}")
        await set_state(app.state, kind, name, verb)

    async def _steer(self) -> None:
        runs = list(self.world.tables.runs.values())
        if runs:
            run = self.chance.choice(runs[-5:])
            verb: RunVerb = self.chance.choice(("confirm", "pause", "resume", "stop"))
            self.world.say(f"the shop lets run {run.id} of {run.origin} {verb}")
            await change_run(self.app.state, run.origin, run.id, verb, now=self.world.clock.now())

    async def _letters(self) -> None:
        """Dead letters are tried again, unless they may have arrived; some are let go of."""
        dead = [each for each in self.world.tables.sends.values() if each.dead]
        never = [each.key for each in dead if not self.world.provider.taken[each.key] and each.state == "failed"]
        if not dead:
            return
        if self.chance.random() < 0.7:
            self.world.say(f"the shop replays {len(never)} dead letters")
            self.world.replayed |= set(never)
            await replay_letters(self.app.state, Which(keys=never), now=self.world.clock.now())
        else:
            await drop_letters(self.app.state, Which(keys=[self.chance.choice(dead).key]))

    async def _erase(self) -> None:
        name = self.chance.choice(USERS + DEVICES)
        self.world.say(f"{name} is to be erased")
        record = await self.app.eraser.request(name, by="a test")
        if self.chance.random() < 0.7:
            await self.app.eraser.run(record.id)

    async def _receipt(self, kind: LinkKind) -> None:
        """Somebody opens, clicks or unsubscribes by the link in a message, and some programs do it twice."""
        app, receiver = self.app, self.app.receiver
        token = await self._token(kind)
        for _ in range(self.chance.choice((1, 1, 2)) if token else 0):
            self.world.say(f"somebody follows a link: {kind}")
            if kind == "unsubscribe":
                await receiver.unsubscribed(token)
            elif self.chance.random() < 0.5:
                await receiver.opened(token, self.chance.choice(("human", "machine")))
            else:
                link = Link(kind="click", send=self._taken[-1], target="https://shop.example/")
                await receiver.clicked(encode_link(link, app.secret), "human")

    async def _token(self, kind: LinkKind) -> str:
        async with self.app.state.view() as view:
            sends = await view.sends_of(origin=None, identities=None, limit=1_000)
        taken = self.world.provider.taken
        self._taken = [each.key for each in sends if each.key in taken and self._is_young(each.created_ms)]
        if not self._taken:
            return ""
        return encode_link(Link(kind=kind, send=self.chance.choice(self._taken)), self.app.secret)

    def _is_young(self, at_ms: int) -> bool:
        return self.world.clock.now_ms - at_ms < self.world.dedup_days * DAY_MS // 2
