"""The page of what templates can say: the tags and filters of ours, from their declarations, and Liquid's own."""

from __future__ import annotations

import holdfast.messages.liquid.filters as own_filters
import holdfast.messages.liquid.tags as own_tags
from holdfast.cli.markdown import table
from holdfast.kernel.catalogue import discover
from holdfast.messages.liquid._liquid import (
    FILTER_WORK_MOST,
    ITEMS_MOST,
    LOOPS_MOST,
    OUTPUT_BYTES_MOST,
    READ_WORK_MOST,
    VALUE_BYTES_MOST,
    BoundedEnvironment,
)
from holdfast.messages.liquid.declared_liquid import DeclaredFilter, DeclaredTag, Example
from holdfast.messages.liquid.needs import NEEDS_MOST, ROUNDS_MOST
from holdfast.messages.liquid.template import SOURCE_CHARACTERS_MOST


def liquid_page() -> str:
    """Tags, filters, variables and limits."""
    tags = [each for each in discover(own_tags, "TAG").values() if isinstance(each, DeclaredTag)]
    filters = [each for each in discover(own_filters, "FILTER").values() if isinstance(each, DeclaredFilter)]
    environment = BoundedEnvironment()
    their_tags = sorted(set(environment.tags) - {each.name for each in tags} - {"#", "content", "illegal", "output"})
    their_filters = sorted(set(environment.filters) - {each.name for each in filters})
    return (
        "# Templates: tags, filters, limits\n\n"
        "Every text of a message is Liquid. What it is given: `person` (the traits, and `user_id`), `event` (`name`,\n"
        "`timestamp`, `properties`) where one began the journey, `links.unsubscribe`, `links.preferences`,\n"
        "`workspace.name` and `workspace.time_zone`. What is not there comes out empty; in its place\n"
        '`{{ person.first_name | default: "there" }}` says something. Values are escaped in HTML and left as they are\n'
        "elsewhere.\n\n"
        "## Tags of ours\n\n"
        "What they ask for is fetched before the message is written: rendering itself calls nobody. A message asks\n"
        f"for up to {NEEDS_MOST} things, and what one finds may lead to the next up to {ROUNDS_MOST} times.\n\n"
        + "\n".join(_tag(each) for each in tags)
        + "\n## Filters of ours\n\n"
        "They speak the language of the message: that of the template where it says one, else the person's trait\n"
        "`locale`, else `language`, else English.\n\n"
        + "\n".join(_filter(each) for each in filters)
        + "\n## Liquid's own\n\n"
        f"Tags: {_listed(their_tags)}.\n\nFilters: {_listed(their_filters)}.\n\n"
        "`date` tells moments in UTC; `date_in_zone` tells them by the person's clock.\n\n"
        "## Limits\n\n"
        "Whatever goes beyond fails that one message, with the reason, and no other.\n\n"
        + table(
            ("What", "At most"),
            [
                ("A template", f"{SOURCE_CHARACTERS_MOST:,} characters"),
                ("What comes of it", f"{OUTPUT_BYTES_MOST:,} characters"),
                ("A value a filter takes or gives", f"{VALUE_BYTES_MOST:,} characters"),
                ("What all its filters take and give together", f"{FILTER_WORK_MOST:,} characters"),
                ("What it reads of values, each time it reads them", f"{READ_WORK_MOST:,} characters"),
                ("A list that is looped over", f"{ITEMS_MOST:,} things"),
                ("Turns of a loop, with those around it", f"{LOOPS_MOST:,}, fewer the longer the template"),
            ],
        )
    )


def _tag(each: DeclaredTag) -> str:
    said = f"### `{each.name}`\n\n```liquid\n{each.form}\n```\n\n{each.about}\n\n"
    return said + _options(each.options) + _shown(each.examples)


def _filter(each: DeclaredFilter) -> str:
    return f"### `{each.name}`\n\n{each.about}\n\n{_options(each.options)}{_shown(each.examples)}"


def _options(options: tuple[tuple[str, str], ...]) -> str:
    return table(("Option", "Says"), [(f"`{name}`", about) for name, about in options]) + "\n" if options else ""


def _shown(examples: tuple[Example, ...]) -> str:
    rows = [(f"`{each.source}`", f"`{each.gives.replace(chr(160), ' ')}`") for each in examples]
    return table(("Such as", "Says"), rows)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in names)
