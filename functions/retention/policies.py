"""Retention policies: how long a response is kept, and what is kept with its registration for later.

They are data in the deployment (`infra/retention.yaml`); a function reads them as JSON from RETENTION_POLICIES.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from ledger.durations import seconds

SETTING = "RETENTION_POLICIES"
DEFAULT = "default"
"""The policy of a response that names none."""

SERVICE_KEEPS = 30 * 86_400
"""Seconds that AI Studio itself keeps a response, counted from its creation
(https://yandex.cloud/en/docs/ai-studio/concepts/agents/assistant-responses-migration)."""

_LONGEST = 100 * 366 * 86_400

_log = logging.getLogger(__name__)

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
_Kept = Annotated[float, BeforeValidator(seconds), Field(gt=0, le=_LONGEST)]
_Wait = Annotated[float, BeforeValidator(seconds), Field(ge=60, le=_LONGEST)]


class Policy(BaseModel):
    """One policy; durations are in seconds.

    `keep_for` counts from the response's creation. So long as `verify_after` says after its deletion it is looked for
    again. With `cascade` what continues it is deleted too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keep_for: _Kept
    verify_after: _Wait | None = None
    cascade: bool = False


_POLICIES = TypeAdapter(dict[_Name, Policy], config=ConfigDict(hide_input_in_errors=True))


class NoDate(ValueError):
    """A message names a policy that is not there, or two dates. The text says so without content."""


@dataclass(frozen=True, slots=True)
class Dated:
    """What a registration fixes (`delete_after` in epoch seconds): a policy changed later does not count for it."""

    delete_after: float
    policy: str | None
    cascade: bool
    verify_after: float | None


class Policies:
    """The policies of a deployment by name, the default among them."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self._policies = policies

    @classmethod
    def read(cls, text: str) -> "Policies":
        """Read them, and warn of each that keeps a response for longer than the service does.

        Raises ValueError: it is not JSON, a policy is not as it has to be, or there is no default.
        """
        try:
            policies = _POLICIES.validate_python(json.loads(text))
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(map(str, each['loc']))} {each['msg'].removeprefix('Value error, ')}"
                for each in error.errors(include_input=False, include_url=False)
            )
            raise ValueError(told) from None
        except (ValueError, RecursionError):
            raise ValueError("is not JSON") from None
        if DEFAULT not in policies:
            raise ValueError(f"has no policy named {DEFAULT}")
        for name, policy in policies.items():
            if policy.keep_for > SERVICE_KEEPS:
                _log.warning("policy %s keeps responses for over 30 days, after which AI Studio forgets them", name)
        return cls(policies)

    def named(self, name: str | None) -> Policy:
        """Return the policy of this name, the default without one. Raises NoDate."""
        try:
            return self._policies[name or DEFAULT]
        except KeyError:
            raise NoDate(f"policy: is none of {', '.join(sorted(self._policies))}") from None

    def dated(self, name: str | None, delete_after: datetime | None, created_at: float) -> Dated:
        """Date a response that was created then. A date of its own takes the place of the policy's.

        Raises NoDate: there is no such policy, or both are named.
        """
        policy = self.named(name)
        if delete_after is None:
            until, name = created_at + policy.keep_for, name or DEFAULT
        elif name is None:
            until = delete_after.timestamp()
        else:
            raise NoDate("delete_after: name it or a policy, not both")
        return Dated(until, name, policy.cascade, policy.verify_after)


class Kept(BaseModel):
    """How long messages have a response kept, checked with `retention_policies` of the validation context."""

    policy: Annotated[str, StringConstraints(max_length=64)] | None = None
    delete_after: AwareDatetime | None = None

    def dated(self, policies: str, created_at: float) -> Dated:
        """Date a response that is there already: where its policy has gone meanwhile, by the default one."""
        try:
            return policies_of(policies).dated(self.policy, self.delete_after, created_at)
        except NoDate:
            return policies_of(policies).dated(None, self.delete_after, created_at)

    @model_validator(mode="after")
    def _has_a_date(self, info: ValidationInfo) -> Self:
        if info.context is not None:
            policies_of(info.context.retention_policies).dated(self.policy, self.delete_after, 0)
        return self


@cache
def policies_of(text: str) -> Policies:
    """Read the policies of a function's settings, once for each text. Raises ValueError."""
    return Policies.read(text)


def check(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Say what is wrong with the policies in a function's environment."""
    if SETTING not in environment:
        return {SETTING: "is required"}
    try:
        Policies.read(environment[SETTING])
    except ValueError as error:
        return {SETTING: str(error)}
    return {}
