"""Adaptive paths from Python: how they stand, as a table and a picture, and having the last word about them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from holdfast.events.event import Json
from holdfast.flows.adaptive.adapting import Adapter
from holdfast.flows.adaptive.saying import AdaptiveWish, say_weights
from holdfast.flows.adaptive.telling import AdaptiveStanding, every_adaptive_step, standing_of_step
from holdfast.kernel.moments import to_millis
from holdfast.measures.insight import Answer, Cell, Column
from holdfast.measures.picture import Picture
from holdfast.ports.adaptive import Weighing
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.state import State

if TYPE_CHECKING:
    import polars as pl

    from holdfast.flows.measure.drawing import Plot

T = TypeVar("T")

COLUMNS = (
    Column(name="path", type="text", about="The path."),
    Column(name="share", type="share", about="Of the people outside the slice, how many are sent down it."),
    Column(name="people", type="whole", about="Who was sent down it."),
    Column(name="believed", type="number", about="What a person on it is believed to bring."),
    Column(name="believed_low", type="number", about="At least that, with a confidence of 95 %."),
    Column(name="believed_high", type="number", about="At most that."),
    Column(name="unbiased", type="number", about="What a person on it brings, by the chance each had of it."),
    Column(name="unbiased_low", type="number", about="At least that, with a confidence of 95 %."),
    Column(name="unbiased_high", type="number", about="At most that."),
    Column(name="best", type="share", about="The chance that it is the best path."),
    Column(name="loss", type="number", about="What is lost per person if it is chosen and another is the best."),
)
OVER_TIME = (
    Column(name="at", type="moment", about="When paths were weighed."),
    Column(name="path", type="text", about="The path."),
    Column(name="share", type="share", about="Its share from then on."),
)
PICTURE = Picture(kind="lines", across="at", value="share", by="path")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveResult:
    """How an adaptive step stands."""

    standing: AdaptiveStanding

    @property
    def words(self) -> str:
        """How it stands, in plain words."""
        return self.standing.words

    @property
    def json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return self.standing.as_json()

    @property
    def log(self) -> tuple[Weighing, ...]:
        """Every weighing with its reason, newest first."""
        return self.standing.log

    @property
    def table(self) -> pl.DataFrame:
        """A row a path."""
        from holdfast.flows.measure.insights import frame_of  # noqa: PLC0415  # Drawing's kind, which a server needs not.

        rows: list[tuple[Cell, ...]] = []
        for each in self.standing.paths:
            told: Any = each.as_json()
            spans = [told[kind][part] for kind in ("believed", "unbiased") for part in ("mean", "low", "high")]
            rows.append((told["path"], told["share"], told["people"], *spans, told["best"], told["loss"]))
        return frame_of(self._answer(COLUMNS, rows))

    def plot(self) -> Plot:
        """The share of each path over time: notebooks show it, `.save("shares.svg")` writes it (or .png, .pdf)."""
        from holdfast.flows.measure.drawing import draw  # noqa: PLC0415  # As above.

        rows: list[tuple[Cell, ...]] = [
            (each.at_ms, path, share) for each in reversed(self.log) for path, share in each.weights.shares.items()
        ]
        return draw(self._answer(OVER_TIME, rows), PICTURE, f"Shares of {self.standing.step.experiment}")

    def _answer(self, columns: tuple[Column, ...], rows: list[tuple[Cell, ...]]) -> Answer:
        return Answer(columns=columns, rows=tuple(rows), time_zone="UTC")


class Around(Protocol):
    """What it is asked of."""

    @property
    def state(self) -> State: ...
    @property
    def history(self) -> History: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def adapter(self) -> Adapter: ...


class AdaptiveKeeper(ABC):
    """Whoever keeps adaptive steps."""

    @abstractmethod
    def on_paths(self, work: Callable[[Around], Coroutine[Any, Any, T]]) -> T:
        """Do something about adaptive paths, and wait for it."""

    def adaptive_steps(self) -> dict[str, Weighing | None]:
        """Every adaptive step, `<journey>.<step>`, with its last weighing; None before the first."""

        async def asked(around: Around) -> dict[str, Weighing | None]:
            return {step.experiment: last for step, last in await every_adaptive_step(around.state)}

        return self.on_paths(asked)

    def adaptive(self, step: str) -> AdaptiveResult:
        """How a step's paths stand: `.words`, `.table`, `.log`, `.json` and `.plot()`.

        Args:
            step: such as `welcome.fork`: journey, dot, step.

        Raises NotFound.
        """

        async def asked(around: Around) -> AdaptiveResult:
            now_ms = to_millis(around.clock.now())
            return AdaptiveResult(standing=await standing_of_step(around.state, around.history, step, as_of_ms=now_ms))

        return self.on_paths(asked)

    def weigh_paths(self) -> int:
        """Weigh the paths that are due again, as a server does by itself; returns how many steps have new shares."""
        return self.on_paths(lambda around: around.adapter.adapt())

    def freeze_paths(self, step: str) -> Weighing:
        """Keep the shares as they are. Raises NotFound."""
        return self._say(step, AdaptiveWish(mode="frozen"))

    def learn_paths(self, step: str) -> Weighing:
        """Let the step learn again, from all it has seen. Raises NotFound."""
        return self._say(step, AdaptiveWish(mode="learning"))

    def declare_path(self, step: str, winner: str) -> Weighing:
        """Declare a winner: everybody who comes takes that path. Raises NotFound, Invalid."""
        return self._say(step, AdaptiveWish(mode="declared", winner=winner))

    def share_paths(self, step: str, shares: Mapping[str, float]) -> Weighing:
        """Set the shares by hand; they add up to 1. Raises NotFound, Invalid."""
        return self._say(step, AdaptiveWish(mode="manual", shares=shares))

    def _say(self, step: str, wish: AdaptiveWish) -> Weighing:
        return self.on_paths(lambda around: say_weights(around.state, around.clock, step, wish, by="python"))
