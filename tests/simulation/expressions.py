"""The Document API's expressions, each compiled once: the part of the grammar that conditional updates need.

Items are attribute maps in the API's own form, such as `{"state": {"S": "open"}, "copy": {"N": "2"}}`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Item = Mapping[str, Any]
Test = Callable[[Item, Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),]|[#:]?\w+)")
_COMPARED = {"=": "equal(%s, %s)", "<>": "differ(%s, %s)", "<": "below(%s, %s)", ">": "below(%s, %s, swap=True)"}
_COMPARED |= {"<=": "at_most(%s, %s)", ">=": "at_most(%s, %s, swap=True)"}


class BadExpression(Exception):
    """The service would refuse this request whatever the table holds."""


@dataclass(frozen=True, slots=True)
class Update:
    """A compiled conditional update."""

    test: Test
    sets: tuple[tuple[str, str], ...]
    removes: tuple[str, ...]
    adds: tuple[tuple[str, str], ...]
    deletes: tuple[tuple[str, str], ...]

    def apply(self, item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
        """The item as it is afterwards."""
        new = dict(item)
        for name, value in self.sets:
            new[name] = values[value]
        for name in self.removes:
            new.pop(name, None)
        for name, value in self.adds:
            new[name] = {"SS": sorted({*new.get(name, {"SS": ()})["SS"], *values[value]["SS"]})}
        for name, value in self.deletes:
            left = sorted({*new.pop(name, {"SS": ()})["SS"]} - {*values[value]["SS"]})
            if left:
                new[name] = {"SS": left}
        return new


@lru_cache(maxsize=4096)
def compile_update(update: str, condition: str, names: tuple[tuple[str, str], ...], values: tuple[str, ...]) -> Update:
    """Compile an update with its condition. Raises BadExpression, also for placeholders that nothing uses."""
    used = set(re.findall(r"[#:]\w+", f"{update} {condition}"))
    given = {name for name, _ in names} | set(values)
    if used != given:
        raise BadExpression(f"placeholders not given or not used: {sorted(used ^ given)}")
    clauses = _clauses(update, dict(names))
    targets = [name for clause in clauses.values() for name, _ in clause]
    if len(targets) != len(set(targets)):
        raise BadExpression(f"two paths overlap: {targets}")
    return Update(
        test=compile_condition(condition, names),
        sets=clauses.get("SET", ()),
        removes=tuple(name for name, _ in clauses.get("REMOVE", ())),
        adds=clauses.get("ADD", ()),
        deletes=clauses.get("DELETE", ()),
    )


def _clauses(update: str, names: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    parts = re.split(r"\b(SET|REMOVE|ADD|DELETE)\b", update)[1:]
    clauses = {}
    for verb, text in zip(parts[::2], parts[1::2], strict=True):
        pairs = [re.findall(r"[#:]\w+", action) for action in text.split(",")]
        clauses[verb] = tuple((names[pair[0]], pair[-1]) for pair in pairs)
    return clauses


@lru_cache(maxsize=4096)
def compile_condition(condition: str, names: tuple[tuple[str, str], ...]) -> Test:
    """Compile a condition; an empty one always holds. Raises BadExpression."""
    if not condition:
        return lambda item, values: True
    source = _Parser(condition, dict(names)).source()
    test: Test = eval(  # noqa: S307 - source is made here, of words that the parser knows
        f"lambda item, values: {source}", {"equal": _equal, "differ": _differ, "below": _below, "at_most": _at_most}
    )
    return test


class _Parser:
    """Turns a condition into the source of a Python expression."""

    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        self._tokens: Iterator[str] = iter([*_TOKEN.findall(text), ""])
        if "".join(_TOKEN.findall(text)) != re.sub(r"\s", "", text):
            raise BadExpression(f"not understood: {text}")
        self._names = names
        self._next = next(self._tokens)

    def source(self) -> str:
        parsed = self._any()
        if self._next:
            raise BadExpression(f"left over: {self._next}")
        return parsed

    def _take(self, wanted: str = "") -> str:
        token = self._next
        if wanted and token != wanted:
            raise BadExpression(f"{token!r} where {wanted!r} was expected")
        self._next = next(self._tokens, "")
        return token

    def _any(self) -> str:
        parts = [self._all()]
        while self._next == "OR":
            self._take()
            parts.append(self._all())
        return " or ".join(parts)

    def _all(self) -> str:
        parts = [self._one()]
        while self._next == "AND":
            self._take()
            parts.append(self._one())
        return " and ".join(parts)

    def _one(self) -> str:
        if self._next == "NOT":
            self._take()
            return f"(not {self._one()})"
        if self._next == "(":
            self._take()
            doubled = self._next == "("
            inner = self._any()
            if doubled and _is_one_group(inner):
                raise BadExpression("redundant parentheses")
            self._take(")")
            return f"({inner})"
        if self._next in ("attribute_not_exists", "attribute_exists"):
            negated = "not " if self._take() == "attribute_not_exists" else ""
            self._take("(")
            name = self._names[self._take()]
            self._take(")")
            return f"({name!r} {negated}in item)"
        return self._comparison()

    def _comparison(self) -> str:
        left = self._operand()
        word = self._take()
        if word != "IN":
            return _COMPARED[word] % (left, self._operand())
        self._take("(")
        choices = [self._operand()]
        while self._next == ",":
            self._take()
            choices.append(self._operand())
        self._take(")")
        return "(" + " or ".join(f"equal({left}, {choice})" for choice in choices) + ")"

    def _operand(self) -> str:
        token = self._take()
        if token.startswith("#"):
            return f"item.get({self._names[token]!r})"
        if token.startswith(":"):
            return f"values[{token!r}]"
        raise BadExpression(f"no operand: {token!r}")


def _is_one_group(text: str) -> bool:
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at == len(text) - 1
    return False


def _equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if left == right:
        return True
    return "N" in left and "N" in right and float(left["N"]) == float(right["N"])


def _differ(left: Any, right: Any) -> bool:
    if left is None or right is None:
        raise BadExpression("<> with an attribute that is not there: servers differ, so nothing may rest on it")
    return not _equal(left, right)


def _below(left: Any, right: Any, *, swap: bool = False) -> bool:
    if swap:
        left, right = right, left
    if left is None or right is None or left.keys() != right.keys():
        return False
    return float(left["N"]) < float(right["N"]) if "N" in left else bool(left["S"] < right["S"])


def _at_most(left: Any, right: Any, *, swap: bool = False) -> bool:
    if swap:
        left, right = right, left
    return _below(left, right) or _equal(left, right)
