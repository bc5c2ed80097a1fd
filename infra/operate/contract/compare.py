"""Whether a schema still takes what its released form took, field by field.

Only the words that the project's schemas use are known; of any other a change counts as a break.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_SILENT = {"title", "description", "default", "examples", "$schema", "$defs", "$ref", "discriminator"}
"""What says nothing of what is taken; `$ref` is followed."""
_READ = {"type", "enum", "const", "anyOf", "oneOf", "properties", "required", "additionalProperties", "items"}
_LEAST = {"minLength", "minItems", "minimum", "exclusiveMinimum"}
_MOST = {"maxLength", "maxItems", "maximum", "exclusiveMaximum"}


def narrowed(old: Schema, new: Schema) -> list[str]:
    """Say what a producer may have sent by the old schema that the new one refuses."""
    return list(_Narrowed(old, new).of(old, new, "message"))


def taken_away(old: Schema, new: Schema) -> list[str]:
    """Say what a consumer may have read by the old schema of a result that the new one no longer promises.

    Further fields, and further words of a field, are no break: consumers pass over what they do not know.
    """
    return list(_Taken(old, new).of(old, new, "result"))


class _Pair:
    """Two documents, each with definitions of its own."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new

    def both(self, old: Any, new: Any) -> tuple[Schema, Schema]:
        """The two schemas without references."""
        return _followed(old, self._old), _followed(new, self._new)


class _Narrowed(_Pair):
    def of(self, old: Any, new: Any, where: str) -> Iterator[str]:
        """The breaks between two schemas."""
        old, new = self.both(old, new)
        branches = _branches(old)
        if len(branches) > 1 or len(_branches(new)) > 1:
            for branch in branches:
                tried = [list(self.of(branch, other, where)) for other in _branches(new)]
                if not any(breaks == [] for breaks in tried):
                    yield min(tried, key=len)[0] if tried else f"{where}: a form of it is gone"
            return
        lost = _kinds(old) - _kinds(new)
        if lost:
            yield f"{where}: no longer takes {', '.join(sorted(lost))}"
        yield from self._values(old, new, where)
        yield from self._object(old, new, where)
        if "items" in new:
            yield from self.of(old.get("items", {}), new["items"], f"{where}[]")

    def _values(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        values, allowed = _values(old), _values(new)
        if allowed is not None and (values is None or not set(values) <= set(allowed)):
            yield f"{where}: takes {', '.join(map(str, allowed))} only"
        for word in new.keys() - _SILENT - _READ | _conditions(new):
            had, has = old.get(word), new[word]
            looser = (word in _LEAST and had is not None and has <= had) or (
                word in _MOST and had is not None and has >= had
            )
            if had != has and not looser:
                yield f"{where}: {word} was {had}, and is {has}"

    def _object(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        fields, known = old.get("properties", {}), new.get("properties", {})
        further, had = new.get("additionalProperties", True), old.get("additionalProperties", True)
        closed = further is False
        if further not in (True, had) and had is not False and "object" in _kinds(old):
            yield f"{where}: further fields are refused"
        for name in new.get("required", ()):
            if name not in old.get("required", ()):
                yield f"{where}.{name}: is required"
        for name, field in fields.items():
            if name in known:
                yield from self.of(field, known[name], f"{where}.{name}")
            elif closed:
                yield f"{where}.{name}: was removed"


class _Taken(_Pair):
    def of(self, old: Any, new: Any, where: str) -> Iterator[str]:
        """The breaks between two schemas."""
        old, new = self.both(old, new)
        if len(_branches(old)) > 1:
            for old_branch, new_branch in zip(_branches(old), [*_branches(new), *[{}] * 9], strict=False):
                yield from self.of(old_branch, new_branch, where)
            return
        more = _kinds(new) - _kinds(old)
        if more and "type" in old:
            yield f"{where}: may be {', '.join(sorted(more))}"
        if "const" in old and old["const"] != new.get("const"):
            yield f"{where}: was {old['const']}"
        for name in old.get("required", ()):
            if name not in new.get("required", ()):
                yield f"{where}.{name}: is no longer always there"
        for name, field in old.get("properties", {}).items():
            if name not in new.get("properties", {}):
                yield f"{where}.{name}: was removed"
            else:
                yield from self.of(field, new["properties"][name], f"{where}.{name}")
        if "items" in old:
            yield from self.of(old["items"], new.get("items", {}), f"{where}[]")


def _followed(schema: Any, document: Schema) -> Schema:
    """The schema that a reference names; `true` is any, and what is not there is any, too."""
    if not isinstance(schema, Mapping):
        return {} if schema is not False else {"not": {}}
    found: Schema = schema
    while "$ref" in found:
        found = document["$defs"][found["$ref"].removeprefix("#/$defs/")]
    return found


def _branches(schema: Schema) -> Sequence[Any]:
    """The forms that it may have, one at least."""
    forms = schema.get("anyOf") or schema.get("oneOf")
    return list(forms) if forms and not _conditions(schema) else [schema]


def _conditions(schema: Schema) -> set[str]:
    """The words whose parts are conditions on fields (`required` alone), not forms of their own."""
    return {
        word
        for word in ("anyOf", "oneOf")
        if any(each and not each.keys() & {"type", "$ref", "const"} for each in schema.get(word, ()))
    }


_ALL = {"string", "number", "integer", "boolean", "null", "object", "array"}


def _kinds(schema: Schema) -> set[str]:
    """The types that it takes: a number may be an integer."""
    if "const" in schema or "enum" in schema:
        return {_KINDS[type(each)] for each in _values(schema) or ()}
    if "oneOf" in schema or "anyOf" in schema:
        return set(_ALL) if "type" not in schema else _as_set(schema["type"])
    return _as_set(schema["type"]) if "type" in schema else set(_ALL)


_KINDS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def _as_set(kind: Any) -> set[str]:
    kinds = {kind} if isinstance(kind, str) else set(kind)
    return kinds | {"integer"} if "number" in kinds else kinds


def _values(schema: Schema) -> Sequence[Any] | None:
    """The only values that it takes; None where it takes any of its types."""
    return [schema["const"]] if "const" in schema else schema.get("enum")
