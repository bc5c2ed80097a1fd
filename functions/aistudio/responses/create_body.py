"""The body of a create, checked only where the reference is sure; what else is wrong with it is the API's to say.

https://yandex.cloud/en/docs/ai-studio/responses/createResponse
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from aistudio.responses.response import is_id

NOT_SUPPORTED = (
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "truncation",
)
"""The fields that the reference marks as not supported. `reasoning` is marked too, but some models take it."""

FIELDS = frozenset(
    {
        *("background", "conversation", "include", "input", "instructions", "max_output_tokens", "max_tool_calls"),
        *("model", "parallel_tool_calls", "previous_response_id", "prompt", "reasoning", "store", "stream"),
        *("stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "user"),
    }
)
"""The other fields that the reference has."""

_FLAGS = ("background", "store", "stream")


def problems(body: Mapping[str, Any], allowed: Collection[str]) -> Iterator[str]:
    """Say what is wrong with a body, without content. `allowed` names fields that are sent all the same."""
    given = {name: value for name, value in body.items() if value is not None and name not in allowed}
    yield from (f"{name} is not supported by the API" for name in NOT_SUPPORTED if name in given)
    options = given.get("stream_options")
    if isinstance(options, Mapping) and options.get("include_obfuscation") is not None:
        yield "stream_options.include_obfuscation is not supported by the API"
    unknown = len(body.keys() - FIELDS - {*NOT_SUPPORTED, *allowed})
    if unknown:
        yield f"{unknown} unknown fields"
    temperature = given.get("temperature", 0)
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0 <= temperature <= 1:
        yield "temperature is not a number from 0 to 1"
    yield from (f"{name} is not true or false" for name in _FLAGS if not isinstance(given.get(name, False), bool))
    if not isinstance(given.get("previous_response_id", ""), str):
        yield "previous_response_id is not a text"


class Body(BaseModel):
    """The API's own fields beside those of a subclass: kept as they came.

    `aistudio_allow_fields` of the validation context names those that are sent all the same.
    """

    model_config = ConfigDict(extra="allow")

    @property
    def given(self) -> Mapping[str, Any]:
        """The API's fields as they came."""
        return self.model_extra or {}

    @property
    def stored(self) -> bool:
        """Whether the response is to be stored; so it is where nothing is said."""
        return self.given.get("store") is not False

    @property
    def body(self) -> dict[str, Any]:
        """The body to send. `store` is always in it: the reference does not say what holds without."""
        return {**self.given, "store": self.stored}

    @property
    def findable(self) -> bool:
        """Whether the response can be looked up by its id: one that is not stored can, while it runs."""
        return self.stored or self.given.get("background") is True

    @property
    def previous(self) -> str | None:
        """The id of the response that this one continues."""
        named = self.given.get("previous_response_id")
        return named if isinstance(named, str) and is_id(named) else None

    @property
    def talk(self) -> str | None:
        """The id of the conversation that it belongs to: a text, or an object with one."""
        given = self.given.get("conversation")
        named = given.get("id") if isinstance(given, Mapping) else given
        return named if isinstance(named, str) and named else None

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Self:
        told = "; ".join(problems(self.given, getattr(info.context, "aistudio_allow_fields", ())))
        if told:
            raise PydanticCustomError("body", "{told}", {"told": told})
        return self
