"""A minute of a thousand messages through real servers while things go wrong: every promise is kept."""

import pytest

from tests.e2e.soak.soak import Plan, soak

PLAN = Plan(messages=1000, seed=20_261_122, kills=8, storms=4, rounds=1, within=1800)


@pytest.mark.soak
@pytest.mark.timeout(2000)
def test_nothing_is_lost_and_nothing_happens_twice_while_everything_goes_wrong() -> None:
    report = soak(PLAN)

    assert report.wrong == []
    assert report.messages == PLAN.messages
    assert report.struck >= 12
