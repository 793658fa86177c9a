"""Groups (accounts, companies, households): what is known of each, from what was said of it last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdfast.events.event import NAMES, Json

GROUP_JOINED = NAMES["group"]
"""The event by which somebody joins a group and says what it is like: its properties are the group's traits."""
GROUP_ID = "group_id"
"""The property, and trait, that holds the group's id: a text that is not empty."""


def group_of(properties: Mapping[str, Json]) -> str | None:
    """The id of the group that an event joins; None when it says none."""
    group = properties.get(GROUP_ID)
    return group if isinstance(group, str) and group else None


def group_traits(said: Iterable[tuple[int, str, Mapping[str, Json]]]) -> dict[str, dict[str, Json]]:
    """The traits of each group as they stand, by its id.

    Args:
        said: moment in milliseconds, message id and properties of every `Group Joined` up to now, in any order.
    """
    last: dict[str, dict[str, tuple[int, str, Json]]] = {}
    for at_ms, message_id, properties in said:
        group = group_of(properties)
        if group is None:
            continue
        traits = last.setdefault(group, {})
        for name, value in properties.items():
            if name not in traits or traits[name][:2] < (at_ms, message_id):
                traits[name] = (at_ms, message_id, value)
    return {
        group: {name: value for name, (_, _, value) in traits.items() if value is not None}
        for group, traits in last.items()
    }
