"""`make soak` succeeds only where every message was sent and every promise was kept."""

import sys

import pytest

from tests.e2e.soak import __main__ as command
from tests.e2e.soak.soak import Plan, Report
from tests.support.waiting import NotInTime


@pytest.mark.parametrize(
    ("messages", "wrong", "code", "said"),
    [
        (200, [], 0, "every promise was kept"),
        (100, [], 1, "FAILED: there was time to send only 100 of 200 messages"),
        (200, ["lost: resp_1"], 1, "WRONG: lost: resp_1"),
    ],
)
def test_too_few_messages_and_broken_promises_make_it_fail(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    messages: int,
    wrong: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["soak", "--messages", "200"])
    monkeypatch.setattr(command, "soak", lambda _plan: Report(messages, 1.0, 1, wrong, {}))

    assert command.main() == code
    assert said in capsys.readouterr().out


def test_a_soak_that_does_not_come_to_rest_in_time_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(_plan: Plan) -> Report:
        raise NotInTime("not in 300 s")

    monkeypatch.setattr(sys, "argv", ["soak"])
    monkeypatch.setattr(command, "soak", never)

    assert command.main() == 1
    assert "FAILED: not in 300 s" in capsys.readouterr().out
