"""An instance, as the platform keeps it: what lives from one invocation to the next, and which settings reach a batch."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

import delete_response
from documents.tables import LEDGER
from infra.local.settings import local_settings
from ledger import Holds, Keys, Ledger, RecordKey
from tests.support import ask
from tests.support.clock import FakeClock
from tests.support.kit import Kit
from tests.support.messages import Entry, entry
from tests.unit.aistudio.rawserver import Peer, answer, keep_serving, raw_server
from worker.outcome import Unsettled
from worker.queue_handler import Handler
from worker.settings import Settings, SettingsError
from worker.wiring import Instance

RETIRED = {"error": {"message": "The model is gone", "type": "invalid_request_error", "code": "model_not_found"}}


@dataclass
class Instances:
    """Makes instances with queues and a table of their own."""

    kit: Kit
    clock: FakeClock = field(default_factory=FakeClock)
    _made: list[Instance] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._table = self.kit.stock.table()
        queues = {name: self.kit.stock.queue() for name in ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "RESULTS_QUEUE_URL")}
        settings = local_settings(self.kit.servers, self.kit.studio) | queues
        prefix = self._table.removesuffix(LEDGER)
        self._settings = settings | {"LEDGER_TABLE_PREFIX": prefix, "YDB_AUTH": "static"}

    def __call__(self, handler: Handler = delete_response.handler, **changes: str) -> Instance:
        made = Instance(handler.function, Settings.read(self._settings | changes), {}, self.clock)
        self._made.append(made)
        return made

    def close(self) -> None:
        """Close the connections that instances keep for as long as they live."""
        for made in self._made:
            for client in (made._api, made._documents, made._queues):
                assert client is not None
                client.close()

    def key(self, namespace: str, key: str) -> RecordKey:
        return Keys(self._settings["HASH_KEY"]).key(namespace, key)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.kit.spectator, self._table)

    def message(self, response_id: str, padding: int = 0) -> Entry:
        return entry(json.dumps({"response_id": response_id}) + " " * padding, sent_at=self.clock.now())


@pytest.fixture
def instances(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instances]:
    monkeypatch.setattr("aistudio.network.pool.KEEPALIVE", 60.0)  # a connection tells which calls followed each other
    with closing(Instances(kit)) as made:
        yield made


def invoke(instance: Instance, *messages: Entry, token: object = None) -> set[str]:
    """How the messages ended."""
    context = SimpleNamespace(aws_request_id="r-1", token=token, get_remaining_time_in_millis=lambda: 60_000)
    try:
        ends = instance.handle({"messages": list(messages)}, context)
    except Unsettled:
        return {"unsettled"}
    return {end for end, count in ends.items() if count}


@pytest.mark.parametrize("given", [None, {}, "text", {"access_token": ""}])
def test_without_any_credential_an_invocation_fails_and_says_what_to_do(instances: Instances, given: object) -> None:
    with pytest.raises(SettingsError, match=r"service account.*AISTUDIO_API_KEY"):
        invoke(instances(AISTUDIO_API_KEY="", YDB_AUTH="iam"), instances.message("resp_1"), token=given)


def test_an_event_that_is_none_fails_the_invocation(instances: Instances) -> None:
    with pytest.raises(ValueError, match=r"event\.messages"):
        instances().handle({"messages": "no list"}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))


def test_an_unsettled_batch_is_raised_so_that_the_trigger_keeps_it(instances: Instances) -> None:
    message = entry("x" * 262_144, sent_at=instances.clock.now())

    assert invoke(instances(), message) == {"unsettled"}


def test_a_claim_is_leased_until_the_invocations_end_and_the_margin_of_the_settings(instances: Instances) -> None:
    message = entry({"event_id": "evt_1"}, sent_at=instances.clock.now())

    assert invoke(instances(ask.handler, LEASE_MARGIN="300s"), message) == {"done"}
    record = instances.ledger.get(instances.key("ask", "evt_1"))
    assert record.lease_until - record.rest["claimed_at"] == pytest.approx(60 + 300)


def test_equal_rejections_are_counted_over_the_batches_of_an_instance(instances: Instances) -> None:
    instances.kit.studio.fault(match={"method": "DELETE"}, times=None, status=400, body=RETIRED)
    instance = instances()

    ends = [invoke(instance, instances.message(f"resp_{number}")) for number in range(4)]

    assert ends == [{"dead_lettered"}, {"dead_lettered"}, {"deferred"}, {"deferred"}]


def test_a_connection_that_was_idle_while_the_instance_slept_is_not_used(instances: Instances) -> None:
    """It may have ended without a sign: what is sent on it would meet silence."""
    with raw_server(keep_serving(answer(200))) as server:
        instance = instances(AISTUDIO_BASE_URL=server.url, CONCURRENCY="1")
        for number in (1, 2):
            assert invoke(instance, *[instances.message(f"resp_{number}_{each}") for each in "ab"]) == {"done"}
            assert instance._api is not None
            instance._api.now = lambda: time.time() + 60

        assert [seen.connection for seen in server.requests] == [1, 1, 2, 2]


def test_fewer_calls_are_made_at_once_after_a_batch_that_was_throttled(instances: Instances) -> None:
    def take_time(peer: Peer) -> None:
        while peer.read_request():
            peer.stopping.wait(0.2)  # then a call beside it has a connection of its own
            peer.send(answer(200))

    def throttle(peer: Peer) -> None:
        peer.read_request()
        peer.send(answer(429, Retry_After="600"))
        take_time(peer)

    with raw_server(throttle, take_time) as server:
        instance = instances(AISTUDIO_BASE_URL=server.url, CONCURRENCY="2")
        assert invoke(instance, instances.message("resp_1")) == {"deferred"}
        assert invoke(instance, *[instances.message(f"resp_{number}") for number in (2, 3)]) == {"done"}

        _, one, other = (seen.connection for seen in server.requests)
        assert one == other


@pytest.mark.parametrize(
    ("setting", "status", "end"),
    [
        ({}, 500, "retry"),
        ({"MAX_ATTEMPTS": "1"}, 500, "dead_lettered"),
        ({}, 401, "deferred"),
        ({"MAX_AGE": "30s"}, 401, "dead_lettered"),
        ({"QUEUE_MAX_BYTES": "1024"}, 401, "unsettled"),
    ],
    ids=str,
)
def test_a_setting_reaches_the_settling_of_a_batch(
    instances: Instances, setting: dict[str, str], status: int, end: str
) -> None:
    instances.kit.studio.fault(match={"method": "DELETE"}, times=None, status=status)
    message = instances.message("resp_1", padding=1000)
    instances.clock.advance(60)

    assert invoke(instances(delete_response.handler, **setting), message) == {end}


@pytest.mark.parametrize(("needs", "end"), [("49s", "done"), ("51s", "deferred")])
def test_a_call_that_must_not_repeat_begins_with_the_time_that_the_settings_say(
    instances: Instances, needs: str, end: str
) -> None:
    message = entry({"event_id": "evt_1"}, sent_at=instances.clock.now())

    assert invoke(instances(ask.handler, CALL_NEEDS=needs), message) == {end}


@pytest.mark.parametrize(("kept", "calls"), [("4d", 2), ("14d", 1)])
def test_a_retry_message_is_counted_on_for_as_long_as_the_settings_say_that_the_queue_keeps_it(
    instances: Instances, kept: str, calls: int
) -> None:
    studio = instances.kit.studio
    studio.fault(match={"method": "DELETE"}, status=429, headers={"Retry-After": "600"})
    instance, message = instances(QUEUE_RETENTION=kept), instances.message("resp_1")
    assert invoke(instance, message) == {"deferred"}
    instances.clock.advance(5 * 86_400)

    assert invoke(instance, message) == {"done"}
    assert len(studio.requests()) == calls


@pytest.mark.parametrize(("window", "methods"), [("1s", ["DELETE", "GET"]), ("10s", ["DELETE", "DELETE"])])
def test_holds_are_read_again_once_their_window_of_the_settings_is_over(
    instances: Instances, window: str, methods: list[str]
) -> None:
    def place_a_hold(peer: Peer) -> None:
        peer.read_request()
        instances.clock.advance(2)
        Holds(instances.ledger, settling=60).place(instances.key("response", "resp_2"), "case-1", instances.clock.now())
        peer.send(answer(200))
        peer.read_request()
        peer.send(answer(200))

    with raw_server(place_a_hold) as server:
        instance = instances(HOLD_WINDOW=window, AISTUDIO_BASE_URL=server.url, CONCURRENCY="1")
        invoke(instance, instances.message("resp_1"), instances.message("resp_2"))

        assert [seen.method for seen in server.requests][:2] == methods
