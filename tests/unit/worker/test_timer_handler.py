"""Timer functions: one call a tick, with no queue of their own, and messages to other functions' queues."""

import json
import os
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from documents import tables
from infra.local.settings import local_settings
from ledger import Keys, Ledger
from tests.support import tick
from tests.support.bench import Bench
from tests.support.kit import Kit
from tests.support.messages import arrived
from worker.settings import SettingsError
from worker.timer_handler import Tick, tick_of
from worker.wiring import timer_instance

FIRED = "2026-11-22T08:00:00Z"
EVENT: dict[str, Any] = {
    "messages": [
        {
            "event_metadata": {
                "event_type": "yandex.cloud.events.serverless.triggers.TimerMessage",
                "created_at": FIRED,
            },
            "details": {"trigger_id": "a1s", "payload": "resp_1"},
        }
    ]
}
CONTEXT = SimpleNamespace(aws_request_id="r-1", get_remaining_time_in_millis=lambda: 60_000, token=None)
OF_A_QUEUE = ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "RESULTS_QUEUE_URL", "AISTUDIO_FOLDER_ID")


@pytest.fixture
def table(kit: Kit, deletions: Bench, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The environment of a timer that sends to the function of the bench, and its table."""
    (name,) = tables.create(kit.spectator, prefix := f"{uuid.uuid4().hex[:12]}.")
    settings = local_settings(kit.servers, kit.studio)
    settings |= {"LEDGER_TABLE_PREFIX": prefix, "DELETE_RESPONSE_QUEUE_URL": deletions.own}
    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)
    for variable in OF_A_QUEUE:
        monkeypatch.delenv(variable, raising=False)
    timer_instance.cache_clear()
    return Ledger(kit.spectator, name)


def test_a_tick_does_what_is_due_and_says_how_much(table: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    assert tick.handler(EVENT, CONTEXT) == {"noted": 1, "sent": 1}

    at = tick_of(EVENT, 0).at
    keys = Keys(os.environ["HASH_KEY"])
    assert table.get(keys.key("tick", str(at))).rest["payload"] == "resp_1"
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["message"], told["noted"], told["sent"], told["invocation"]) == ("tick", 1, 1, "r-1")


@pytest.mark.usefixtures("table")
def test_what_a_tick_sends_is_a_message_of_the_other_function_and_a_repeat_is_harmless(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    tick.handler(EVENT, CONTEXT)
    tick.handler(EVENT, CONTEXT)
    sent = [arrived(waiting, deletions.clock.now()) for waiting in deletions.retry_messages()]

    assert [deletions.deliver(each).ends for each in sent] == [[("done", "deleted")]] * 2
    assert deletions.calls() == 1


@pytest.mark.usefixtures("table")
def test_a_timer_needs_no_queue_of_its_own_but_those_that_it_sends_to(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DELETE_RESPONSE_QUEUE_URL", "AWS_SECRET_ACCESS_KEY", "HASH_KEY"):
        monkeypatch.delenv(variable)

    with pytest.raises(SettingsError) as raised:
        tick.handler(EVENT, CONTEXT)

    told = str(raised.value)
    assert all(name in told for name in ("DELETE_RESPONSE_QUEUE_URL is required", "AWS_SECRET_ACCESS_KEY", "HASH_KEY"))
    assert not [name for name in OF_A_QUEUE if f" {name}" in told]


def test_a_tick_without_a_time_is_now() -> None:
    event = {"messages": [{"event_metadata": {}, "details": {"trigger_id": "a1s", "payload": None}}]}

    assert tick_of(event, 5.0) == Tick(5.0, "")


@pytest.mark.parametrize(
    "event", [{}, {"messages": []}, {"messages": [{}]}, {"messages": EVENT["messages"] * 2}, {"messages": None}, None]
)
def test_what_is_no_timers_event_is_refused(event: Any) -> None:
    with pytest.raises(ValueError, match="invoked by a timer"):
        tick_of(event, 0.0)
