"""Heads of answers: what is accepted is read as http.client reads it, and what it would bend into shape is refused."""

import http.client
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio.network.head import StrictResponse

OK = b"HTTP/1.1 200 OK\r\n"


def read(head: bytes, body: bytes = b"") -> StrictResponse:
    made = StrictResponse(Socket(head + body), io.BufferedReader(io.BytesIO(head + body)), "GET")
    made.begin()
    return made


class Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> Any:
        return io.BytesIO(self._data)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 2_0 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        OK,
        OK + b"A: 1",
        OK + b"A 1\r\n\r\n",
        OK + b"A : 1\r\n\r\n",
        OK + b" A: 1\r\n\r\n",
        OK + b"A: 1\0\r\n\r\n",
        OK + b"A: 1\rB: 2\r\n\r\n",
        OK + b"A: 1\r\n" * 101 + b"\r\n",
        OK + b"A: 1\r\n" + b" 2\r\n" * 100 + b"\r\n",
        OK + b"A: " + b"1" * 65_536 + b"\r\n\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        OK + b"Content-Length: 1,2\r\n\r\n",
        OK + b"Content-Length: 1\r\n 2\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 1_0\r\n\r\n",
        OK + b"Content-Length:\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ids=lambda head: repr(head[-24:]),
)
def test_a_head_that_is_cut_off_or_says_in_no_sure_way_where_its_answer_ends_is_refused(head: bytes) -> None:
    with pytest.raises(http.client.HTTPException):
        read(head)


@pytest.mark.parametrize(
    ("head", "length", "ends"),
    [
        (OK + b"\r\n", None, True),
        (OK + b"Content-Length: 5\r\n\r\n", 5, False),
        (OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 5, False),
        (OK + b"CONTENT-LENGTH:5\t \r\nConnection: Close\r\n\r\n", 5, True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 5, True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", 5, False),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 0, False),
        (b"HTTP/1.1 100 Continue\r\nA: 1\r\n\r\nHTTP/1.1 103 Early\n\nHTTP/1.1 200\nContent-Length: 0\n\n", 0, False),
        (OK + b"Transfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n", None, False),
    ],
)
def test_a_head_says_how_long_its_body_is_and_whether_its_connection_ends(
    head: bytes, length: int | None, ends: bool
) -> None:
    answer = read(head, b"hello")
    assert (answer.length, answer.will_close) == (length, ends)


# With a pattern that tries each place in a row of blanks this takes hours, and no deadline can end it.
@pytest.mark.parametrize(
    "line", [b"A:" + b" " * 60_000, b"A: 1\r\n" + b" " * 60_000, b"A: 1" + b" \t" * 30_000 + b"\0\r\n"]
)
def test_a_line_of_blanks_is_refused_as_soon_as_any_other(line: bytes) -> None:
    with pytest.raises(http.client.HTTPException):
        read(OK + line)


def test_blanks_around_a_value_are_no_part_of_it_and_those_inside_are() -> None:
    blanks = b" \t" * 10_000
    assert read(OK + b"A:" + blanks + b"1" + blanks + b"2" + blanks + b"\r\n\r\n").fields == [
        (b"A", b"1" + blanks + b"2")
    ]


def test_a_folded_header_is_one_header() -> None:
    assert read(OK + b"A: 1\r\n  2\r\n\t\r\nB: 3\r\n\r\n").fields == [(b"A", b"1 2"), (b"B", b"3")]


WORDS = "HTTP/1.1 |200| OK|\r\n|\n|\r|A|:| |\t|Content-Length|Transfer-Encoding|Connection|chunked|close|keep-alive|5|-|\0|\xe9|,"
PART = st.sampled_from([word.encode("latin-1") for word in WORDS.split("|")])


@given(st.lists(PART, max_size=20))
def test_what_is_accepted_is_what_the_standard_library_reads(parts: list[bytes]) -> None:
    head = OK + b"".join(parts) + b"\r\n\r\n"
    try:
        ours = read(head)
    except http.client.HTTPException:
        return
    theirs = http.client.HTTPResponse(Socket(head))  # type: ignore[arg-type]  # all that it needs
    theirs.begin()
    told = [
        (name.encode("latin-1"), " ".join(value.split()).encode("latin-1"))
        for name, value in theirs.headers.raw_items()
    ]
    assert [(name, b" ".join(value.split())) for name, value in ours.fields] == told
    assert (ours.status, ours.length, ours.chunked) == (theirs.status, theirs.length, theirs.chunked)
    assert ours.will_close >= theirs.will_close
