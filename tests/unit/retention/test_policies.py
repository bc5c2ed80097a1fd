"""Policies as a deployment gives them, right and wrong."""

import json
import logging
from typing import Any

import pytest

from retention.policies import NoDate, Policies, Policy, check

DAY = 86_400
PLAIN: dict[str, Any] = {"default": {"keep_for": "30d"}}


def read(policies: object) -> Policies:
    return Policies.read(json.dumps(policies))


def test_a_policy_says_how_long_in_seconds_and_what_else_is_done() -> None:
    policies = read(PLAIN | {"session": {"keep_for": "12h", "verify_after": "90m", "cascade": True}})

    assert policies.named("session") == Policy.model_construct(keep_for=DAY / 2, verify_after=5_400.0, cascade=True)


def test_what_names_no_policy_has_the_default() -> None:
    policies = read({"default": {"keep_for": "7d"}, "other": {"keep_for": "1d"}})

    assert policies.named(None) == policies.named("default")
    assert (policies.named(None).keep_for, policies.named(None).verify_after) == (7 * DAY, None)


def test_a_policy_that_there_is_not_is_refused_by_naming_those_that_there_are() -> None:
    with pytest.raises(NoDate, match="default, other") as refused:
        read({"default": {"keep_for": "7d"}, "other": {"keep_for": "1d"}}).named("secret-name")

    assert "secret-name" not in str(refused.value), "a message's text is content"


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ({"other": {"keep_for": "1d"}}, "no policy named default"),
        ({"default": {}}, r"default.keep_for Field required"),
        ({"default": {"keep_for": 30}}, "default.keep_for write a number and s, m, h or d"),
        ({"default": {"keep_for": "0d"}}, "default.keep_for"),
        ({"default": {"keep_for": "99999999d"}}, "default.keep_for"),
        ({"default": {"keep_for": "1d", "verify_after": "5s"}}, "default.verify_after"),
        ({"default": {"keep_for": "1d", "cascade": "perhaps"}}, "default.cascade"),
        ({"default": {"keep_for": "1d", "kept_for": "1d"}}, "default.kept_for"),
        (PLAIN | {"Not a name": {"keep_for": "1d"}}, "Not a name"),
        ([], "dictionary"),
    ],
)
def test_what_is_wrong_with_policies_is_named(policies: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(policies)


def test_every_fault_is_told_at_once_and_beside_the_setting_s_name() -> None:
    wrong = check({"RETENTION_POLICIES": json.dumps({"default": {"keep_for": "x"}, "more": {}})})

    assert "default.keep_for" in wrong["RETENTION_POLICIES"]
    assert "more.keep_for" in wrong["RETENTION_POLICIES"]


@pytest.mark.parametrize(
    ("environment", "wrong"),
    [
        ({}, {"RETENTION_POLICIES": "is required"}),
        ({"RETENTION_POLICIES": "default: 30d"}, {"RETENTION_POLICIES": "is not JSON"}),
        ({"RETENTION_POLICIES": json.dumps(PLAIN)}, {}),
    ],
)
def test_a_function_finds_out_at_its_start(environment: dict[str, str], wrong: dict[str, str]) -> None:
    assert check(environment) == wrong


@pytest.mark.parametrize(("keep_for", "warned"), [("30d", False), ("31d", True)])
def test_a_policy_that_outlasts_the_service_s_own_thirty_days_is_warned_of(
    keep_for: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "retention"):
        read({"default": {"keep_for": "1d"}, "archive": {"keep_for": keep_for}})

    assert ("policy archive" in caplog.text) == warned
