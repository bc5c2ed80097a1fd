"""The samples in events/, each handed to its function until it has ended as the file says."""

from collections import Counter

import pytest

from infra.deploy.table import policies
from infra.local.samples.case import Case, cases
from infra.local.samples.deleted import deleted
from infra.local.samples.model import UNUSABLE
from tests.support.functions import bench_of
from tests.support.kit import Kit
from worker.send.elsewhere import Elsewhere
from worker.settings import Settings

CASES = [case for case in cases() if not case.function.startswith("realtime_")]
MOST_ROUNDS = 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_sample_ends_as_its_file_says(kit: Kit, case: Case) -> None:
    bench = bench_of(case.function, kit)
    bench.elsewhere = lambda queue: Elsewhere(
        queue,
        dict.fromkeys(bench.function.may_send_to, "") | dict.fromkeys(bench.function.sends_to, bench.others),
        case.function,
    )
    bench.settings = Settings.model_validate({"RETENTION_POLICIES": policies(), **case.sample.settings})
    bench.studio.seed(*case.sample.stored)
    for response_id, fields in case.sample.stored_as.items():
        bench.studio.seed(response_id, **fields)
    bench.studio.faults(list(case.sample.faults))
    for held in case.sample.holds:
        bench.holds.place(bench.keys.key(bench.function.namespace, held), "case-1", bench.clock.now())
    for name in case.sample.deleted:
        bench.store.write(deleted(bench.keys.key("response", name), name, bench.clock.now()))

    case = case.redated(bench.clock.now(), bench.secret)
    first = bench.deliver(*case.event["messages"])
    later = [end for end in case.sample.ends if end.end in ("retry", "deferred") and (end.outcome or end.reason)]
    for _ in range(MOST_ROUNDS if later else 0):
        bench.clock.advance(900)
        bench.deliver(*bench.take_retry_messages())

    unserved = [call["path"] for call in bench.studio.requests() if call["status"] == 404 and call["id"] is None]
    assert not unserved, (
        f"the local AI Studio serves no {unserved}: add infra/local/studio/further/{case.function}.py with METHOD, PATH"
        " and answer"
    )
    records = [
        bench.record_of_message(message["message_id"])
        if end.key is None and (end.reason in UNUSABLE or end.end == "unsettled")
        else bench.record(end.key or message["message_id"])
        for end, message in zip(case.sample.ends, case.messages, strict=True)
    ]
    ended = Counter((line["key"], line["end"]) for line in first.lines if "end" in line)
    assert ended == Counter((record.key, end.end) for record, end in zip(records, case.sample.ends, strict=True))
    for record, end in zip(records, case.sample.ends, strict=True):
        if end.outcome is not None:
            known = record.rest.get("outcome") or record.told.get("outcome") or record.state
            assert known == end.outcome
        if end.reason is not None:
            assert (record.state, record.reason) == ("dead_lettered", end.reason)
            assert end.reason in [dead_letter.attributes["reason"] for dead_letter in bench.dead_letters()]
        if (about := end.about or end.key) is not None:
            # What creates a response has no id in its path: the record keeps the request's own.
            sent = [call["headers"].get("x-client-request-id") for call in bench.studio.requests()]
            assert (bench.calls(about) or sent.count(record.rest.get("client_request_id", ""))) == end.calls
    assert first.acknowledged is all(end.end != "unsettled" for end in case.sample.ends)
