import json
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.cloud.runtime import Reply, Runtime
from infra.local.processes.surroundings import handed_on
from tests.infra.local.orders import event, order
from tests.support.processes import alive
from tests.support.waiting import eventually

NewRuntime = Callable[..., Runtime]


def told(runtime: Runtime, printed: list[str], what: str) -> dict[str, Any]:
    """What the stand-in function sees."""
    assert runtime.invoke(event(order(what))).ok
    answer: dict[str, Any] = json.loads(eventually(lambda: [line for line in printed if line.startswith("{")])[-1])
    return answer


def test_the_first_call_is_cold_and_later_ones_use_the_same_process(runtime: Runtime, printed: list[str]) -> None:
    first, second = (runtime.invoke(event(order("print", text=text))) for text in ("one", "two"))
    assert (first.ended, first.cold, second.ended, second.cold) == ("returned", True, "returned", False)
    assert eventually(lambda: len(printed) == 3 and printed) == ["imported", "one", "two"]


def test_what_a_handler_raises_comes_back_and_the_process_stays_warm(runtime: Runtime) -> None:
    reply = runtime.invoke(event(order("raise", text="no good")))
    assert (reply.ended, reply.error, reply.message, reply.ok) == ("raised", "ValueError", "no good", False)
    assert "standin.py" in reply.stack[-1]
    assert not runtime.invoke(event()).cold


def test_a_call_over_its_timeout_is_killed_and_the_next_one_is_cold(new_runtime: NewRuntime) -> None:
    runtime = new_runtime(timeout=0.5)
    runtime.warm()
    pid = runtime.pid
    reply = runtime.invoke(event(order("wait for file", path="/nonexistent")))
    assert (reply.ended, reply.ok) == ("timed out", False)
    assert reply.seconds >= 0.5
    assert pid is not None
    assert not alive({pid})
    assert runtime.invoke(event()).cold


def test_the_start_of_the_process_counts_towards_the_timeout(new_runtime: NewRuntime) -> None:
    assert new_runtime(timeout=0.001).invoke(event()).ended == "timed out"


def test_a_process_killed_in_the_middle_of_a_call_is_a_failure(new_runtime: NewRuntime, printed: list[str]) -> None:
    runtime, replies = new_runtime(), list[Reply]()
    call = threading.Thread(
        target=lambda: replies.append(runtime.invoke(event(order("wait for file", path="/nonexistent"))))
    )
    call.start()
    eventually(lambda: [line for line in printed if line.startswith("waiting")])
    runtime.kill()
    call.join(timeout=60)
    assert [reply.ended for reply in replies] == ["killed"]
    assert runtime.invoke(event()).cold


def test_a_handler_that_ends_the_process_is_a_failure(runtime: Runtime) -> None:
    assert runtime.invoke(event(order("exit"))).ended == "killed"
    assert runtime.invoke(event()).ok


def test_a_process_terminated_while_idle_is_replaced(runtime: Runtime) -> None:
    runtime.invoke(event())
    pid = runtime.pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: runtime.pid is None)
    reply = runtime.invoke(event())
    assert (reply.ok, reply.cold) == (True, True)


def test_an_import_that_fails_is_told_and_tried_again_at_the_next_call(new_runtime: NewRuntime) -> None:
    runtime = new_runtime("broken.handler")
    for _ in range(2):
        reply = runtime.invoke(event())
        assert (reply.ended, reply.error, reply.message) == ("raised", "RuntimeError", "a setting is missing")
        assert reply.cold
        eventually(lambda: runtime.pid is None)


def test_the_context_has_the_documented_attributes(new_runtime: NewRuntime, printed: list[str]) -> None:
    runtime, begun = new_runtime(timeout=600, memory=256, token="the-token"), time.time()
    context = told(runtime, printed, "context")
    assert 0 < context.pop("remaining") <= 600_000
    assert begun + 599 < context.pop("deadline_ms") / 1000 < time.time() + 601
    assert context["aws_request_id"] == context["request_id"]
    assert context["function_name"] == context["invoked_function_arn"]
    assert context["memory_limit_in_mb"] == 256
    assert context["token"] == {"access_token": "the-token", "expires_in": 42299, "token_type": "Bearer"}
    assert set(context) == {
        "aws_request_id", "function_name", "function_version", "invoked_function_arn", "log_group_name",
        "log_stream_name", "memory_limit_in_mb", "request_id", "token",
    }  # fmt: skip


def test_a_function_sees_its_settings_and_nothing_else_of_the_parent(
    new_runtime: NewRuntime, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    seen = told(new_runtime(settings={"QUEUE_URL": "http://queue"}), printed, "surroundings")
    assert set(seen["environment"]) - {"LC_CTYPE"} == set(handed_on()) | {
        "HOME", "QUEUE_URL", "_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    }  # fmt: skip
    assert seen["environment"]["QUEUE_URL"] == "http://queue"
    assert seen["path"][0] == seen["cwd"] == seen["environment"]["LAMBDA_TASK_ROOT"]


@pytest.mark.parametrize("name", ["infra", "tests"])
def test_a_function_cannot_import_what_is_not_deployed(runtime: Runtime, name: str) -> None:
    assert runtime.invoke(event(order("import", name=name))).error == "ModuleNotFoundError"


def test_logging_starts_as_on_the_platform_at_warning_with_the_request_id(runtime: Runtime, printed: list[str]) -> None:
    runtime.invoke(event(order("warn", text="careful")))
    line = eventually(lambda: [line for line in printed if "careful" in line])[0]
    assert line.startswith("[WARNING]")
    assert len(line.split()[3]) == 36
    assert not [line for line in printed if "never shown" in line]


def test_events_as_large_as_the_platform_allows_get_through(runtime: Runtime) -> None:
    assert runtime.invoke(event(*[order("print", text="x" * 250_000)] * 14)).ok
