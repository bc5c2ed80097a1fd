"""What hypothesis makes up: JSON of all kinds, and documents that are bent in one to three places."""

import copy
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Json = Any
Path = tuple[str | int, ...]

_SURROGATES = st.characters(categories=["Cs"])
texts = st.text(st.characters() | _SURROGATES | st.sampled_from("\x00\x1f\ufffe\u2028\x7f/%"), max_size=12)
numbers = st.integers(-(10**40), 10**40) | st.floats() | st.sampled_from([10**15, 10**16, 1e300, 5e-324])
leaves = st.none() | st.booleans() | numbers | texts
json_values: st.SearchStrategy[Json] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """Settings of a test here: so many examples; where FUZZ is set, as many times as it says and new ones each time."""
    return settings(
        max_examples=examples * int(os.environ.get("FUZZ", "1")),
        # Benches live for a test, not for an example: every example brings keys of its own.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@st.composite
def bent(draw: st.DrawFn, document: Json, values: st.SearchStrategy[Json] = json_values) -> Json:
    """A document with something else at one to three of its places, or with something missing or added there."""
    holder = {"it": copy.deepcopy(document)}
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(_places(holder))))
        parent: Any = holder
        for step in way:
            parent = parent[step]
        what = draw(st.sampled_from(["replaced", "removed", "joined"]))
        if what == "replaced" or parent is holder:
            parent[last] = draw(texts | values if isinstance(parent[last], str) else values)
        elif what == "removed":
            del parent[last]
        elif isinstance(parent, dict):
            parent[draw(texts)] = draw(values)
        else:
            parent.insert(draw(st.integers(0, 3)), draw(values))
    return holder["it"]


@st.composite
def written(draw: st.DrawFn, values: st.SearchStrategy[Json]) -> str:
    """A value as JSON text of one kind or another, at times cut short or with something stuck on."""
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()))
    how = draw(st.sampled_from(["whole", "whole", "whole", "cut", "longer", "huge number"]))
    if how == "cut":
        return text[: draw(st.integers(0, len(text)))]
    if how == "huge number":
        return text.replace("1", "9" * 5000, 1)
    return text + draw(texts) if how == "longer" else text


def _places(value: Json, way: Path = ()) -> Iterator[Path]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*way, name)
        yield from _places(child, (*way, name))
