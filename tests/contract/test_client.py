"""The project's own client against the local AI Studio, in the shapes in which both know errors."""

from collections.abc import Iterator
from contextlib import closing
from typing import get_args

import pytest

from aistudio import API, APIError, Config, Forbidden, Rejected, Responses, Throttled, Unauthorized
from infra.local.studio.process import StudioHandle
from infra.local.studio.wire.error_shapes import ErrorShape, documented, in_shape

SHAPES = get_args(ErrorShape)


@pytest.fixture
def responses(studio: StudioHandle) -> Iterator[Responses]:
    config = Config(studio.base_url, studio.folder_id, studio.api_key)
    with closing(API(config, token=lambda: "")) as api:
        yield Responses(api)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_response_that_is_not_stored_is_absent_in_every_shape_of_its_404(
    studio: StudioHandle, responses: Responses, shape: str
) -> None:
    studio.fault(shape=shape, times=None)

    assert responses.delete("7a383ba1-3736", 30).absent
    assert not responses.exists("7a383ba1-3736", 30).exists


@pytest.mark.parametrize("response_id", ["cmVzcF8/YWJj+w==", "a/b", "x" * 512, "идентификатор", "%2e%2e", "..."])
def test_an_id_of_any_kind_is_deleted(studio: StudioHandle, responses: Responses, response_id: str) -> None:
    studio.seed(response_id, "kept")

    assert responses.exists(response_id, 30).exists
    assert not responses.delete(response_id, 30).absent
    assert studio.stored() == ["kept"]
    assert responses.delete(response_id, 30).absent


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("status", "kind"), [(400, Rejected), (401, Unauthorized), (403, Forbidden), (429, Throttled)])
def test_an_error_is_itself_in_every_shape_and_under_a_status_of_200_too(
    studio: StudioHandle, responses: Responses, shape: ErrorShape, status: int, kind: type[APIError]
) -> None:
    studio.seed("r1")
    studio.fault(shape=shape, status=status)
    with pytest.raises(kind):
        responses.delete("r1", 30)

    studio.fault(body=in_shape(shape, status, documented(status)), status=200, effect="none")
    with pytest.raises(kind):
        responses.delete("r1", 30)
    assert studio.stored() == ["r1"]
