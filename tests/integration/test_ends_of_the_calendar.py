"""Dates at the ends of the calendar and beyond, which producers write for "never" and "always"."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.functions import bench_of
from tests.support.kit import Kit
from worker.send.elsewhere import Elsewhere

ENDS = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59-14:00"),
)
CREATE = {"event_id": "evt_1", "input": "x", "background": True}
MESSAGES: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "not_before": ("delete_response", lambda date: {"response_id": "resp_1", "not_before": date}),
    "created_at": ("register_response", lambda date: {"response_id": "resp_1", "created_at": date}),
    "delete_after": ("register_response", lambda date: {"response_id": "resp_1", "delete_after": date}),
    "requested_at": ("erase_subject", lambda date: {"subject": "alice", "requested_at": date}),
    "of a create": ("create_response", lambda date: {**CREATE, "delete_after": date}),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_a_message_with_a_date_at_the_end_of_the_calendar_comes_to_an_end(kit: Kit, what: str) -> None:
    function, said = MESSAGES[what]
    for date in ENDS:
        bench = bench_of(function, kit)
        urls = dict.fromkeys(("get_response", "cancel_response"), bench.others)
        bench.elsewhere = lambda queue, urls=urls: Elsewhere(queue, urls, function)  # type: ignore[misc]  # a default
        model = {"model": f"gpt://{kit.studio.folder_id}/m"} if function == "create_response" else {}

        delivered = bench.deliver(bench.message({**said(date), **model}))

        assert delivered.acknowledged, (date, delivered.ends)
        assert delivered.ends[0][0] in ("done", "deferred"), (date, delivered.ends)
