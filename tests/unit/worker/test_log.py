"""Log lines: JSON that the platform reads, one a message, and nothing in them that they should not tell."""

import io
import json
import logging
from contextlib import redirect_stdout
from typing import Any

import pytest

from ledger import Key, RecordKey
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.seam import refused
from worker.log import get_logger
from worker.outcome import End, Settlement
from worker.receive.trigger_event import Delivery
from worker.settle.context import Item
from worker.settle.log_line import log_end

SECRET = "planted-secret-0451"


def lines_of(level: str, *tellers: Any) -> list[dict[str, Any]]:
    printed = io.StringIO()
    with redirect_stdout(printed):
        logger = get_logger(f"test-{len(tellers)}-{level}", level)
    for tell in tellers:
        tell(logger)
    return [json.loads(line) for line in printed.getvalue().splitlines()]


@pytest.mark.usefixtures("kit")
def test_levels_are_named_as_the_platform_names_them() -> None:
    names = ("debug", "info", "warning", "error", "critical")
    lines = lines_of("DEBUG", *[lambda logger, name=name: getattr(logger, name)("told") for name in names])

    assert [line["level"] for line in lines] == ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]


@pytest.mark.usefixtures("kit")
def test_the_projects_packages_write_through_the_same_logger_and_libraries_keep_quiet() -> None:
    lines = lines_of(
        "INFO",
        lambda _: logging.getLogger("documents.store").warning("a ledger write ended unknown: %s", "Throttling"),
        lambda _: logging.getLogger("httpx").info("GET https://host/responses/%s", SECRET),
        lambda _: logging.getLogger("botocore.endpoint").debug("body %s", SECRET),
    )

    assert [(line["level"], line["message"]) for line in lines] == [
        ("WARN", "a ledger write ended unknown: Throttling")
    ]


def test_each_message_has_one_line_with_what_happened_and_the_ids_to_look_it_up_by(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    batch = [deletions.message({"response_id": f"resp_{n}"}, received=3) for n in (1, 2, 2)]

    delivered = deletions.deliver(*batch)

    first, *others = delivered.lines
    assert len(others) == 2
    assert first["key"] == deletions.keys.key("response", "resp_1")
    told = {name: first[name] for name in ("end", "outcome", "attempt", "copy", "redrive", "received", "status")}
    assert told == {
        "end": "done",
        "outcome": "deleted",
        "attempt": 0,
        "copy": 0,
        "redrive": 0,
        "received": 3,
        "status": 200,
    }
    (call,) = deletions.studio.requests("resp_1")
    assert first["client_request_id"] == call["headers"]["x-client-request-id"]
    assert first["request_id"]
    assert first["server_trace_id"]
    assert first["duration_ms"] >= 0


def test_levels_tell_what_an_operator_must_look_at(deletions: Bench) -> None:
    deletions.studio.fault(match={"id": "resp_rejected"}, status=400)
    deletions.studio.fault(match={"id": "resp_forbidden"}, status=403)
    kinds = ("fine", "rejected", "forbidden")

    delivered = deletions.deliver(*[deletions.message({"response_id": f"resp_{kind}"}) for kind in kinds])
    levels = {line.get("outcome"): line["level"] for line in delivered.lines if "end" in line}

    assert levels == {"already_absent": "INFO", "rejected": "WARN", "forbidden": "ERROR"}


def test_an_unsettled_message_is_an_error_line(deletions: Bench) -> None:
    deletions.studio.fault(status=500)
    deletions.queues.arm("SendMessageBatch", refused, refused)

    delivered = deletions.deliver(deletions.message({"response_id": "resp_1"}))

    (line,) = [line for line in delivered.lines if "end" in line]
    assert (line["level"], line["end"], line["message"]) == ("ERROR", "unsettled", "message unsettled")


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500])
def test_nothing_that_was_planted_in_messages_or_answers_reaches_log_ledger_or_details(
    deletions: Bench, creates: Bench, status: int
) -> None:
    error = {"error": {"message": SECRET, "type": "invalid_request_error", "code": None, "param": SECRET}}
    if status != 200:
        for method in ("DELETE", "POST"):
            deletions.studio.fault(match={"method": method}, times=None, status=status, body=error)
    deletion = {"response_id": SECRET, "subject": f"{SECRET}@example.org", "reason": "erasure"}
    question = {"event_id": f"evt-{SECRET}", "text": f"My password is {SECRET}"}
    attributes: dict[str, Any] = {"x-api-key": SECRET, "traceparent": SECRET}

    for bench, body in ((deletions, deletion), (creates, question)):
        message = bench.message(body, f"m-{status}", 1, attributes)
        bench.deliver(message)
        bench.deliver(again(message))
        bench.deliver(bench.message({**body, "extra": SECRET}))
        details = [dead_letter.attributes["detail"] for dead_letter in bench.dead_letters()]
        assert bench.log
        assert not [text for text in (*bench.log, *map(str, bench.records()), *details) if SECRET in text]
        assert deletions.studio.api_key not in "".join(bench.log)


def test_no_line_is_longer_than_the_platform_takes(deletions: Bench) -> None:
    fields = {f"field_{n}": "x" * 50 for n in range(2_000)}
    deletions.deliver(
        deletions.message({"response_id": "resp_1", **fields}),
        deletions.message("x" * 200_000, attributes={"key": "k" * 50_000, "traceparent": "t" * 1_000}),
    )

    assert max(len(line.encode()) for line in deletions.log) < 4_096


@pytest.mark.usefixtures("kit")
def test_what_a_service_writes_in_place_of_a_status_is_not_logged() -> None:
    delivery = Delivery("m-1", "{}")
    item = Item(RecordKey("response#1"), Key("resp_1"), "owner", delivery)
    settlement = Settlement(End.DONE, "done", status=f"Dear {SECRET}")

    (line,) = lines_of("INFO", lambda logger: log_end(delivery, item, settlement, None, logger, idempotent=True))

    assert line["response_status"] == "unreadable"
    assert SECRET not in str(line)
