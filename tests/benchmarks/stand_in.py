"""A lean server in place of AI Studio, the Document API and Message Queue, which answers after a fixed delay.

The local AI Studio and the local cloud would be the bottleneck here: they keep state, and check what they get. This
server keeps nothing: no record exists, every write is accepted, every response is deleted.

`python -m tests.benchmarks.stand_in API TABLES QUEUES`: the delays in milliseconds. It prints its port.
"""

import asyncio
import json
import sys
from collections import Counter
from typing import Any

CONTROL = "/counted"
"""Answers how often each operation was asked for, and begins to count anew."""

_END = b"\r\n\r\n"


class StandIn(asyncio.Protocol):
    """One connection: HTTP/1.1 with keep-alive, one request at a time."""

    def __init__(self, delays: dict[str, float], counted: Counter[str]) -> None:
        self._delays = delays
        self._counted = counted
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._got += data
        while _END in self._got:
            head, rest = self._got.split(_END, 1)
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length", "0"))
            if headers.get("expect"):
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(rest) < length:
                return
            self._got = rest[length:]
            method, path, *_ = first.split()
            self._answer(method, path, headers.get("x-amz-target", ""), rest[:length])

    def _answer(self, method: str, path: str, target: str, body: bytes) -> None:
        if path == CONTROL:
            told: Any = dict(self._counted)
            self._counted.clear()
            self._write(told)
            return
        service, _, operation = target.partition(".")
        kind = {"": "api", "AmazonSQS": "queues"}.get(service, "tables")
        self._counted[operation or method] += 1
        answer = _answered(operation, path, json.loads(body) if target else {})
        asyncio.get_running_loop().call_later(self._delays[kind], self._write, answer)

    def _write(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


def _answered(operation: str, path: str, asked: Any) -> Any:
    if operation == "BatchGetItem":
        return {"Responses": {table: [] for table in asked["RequestItems"]}, "UnprocessedKeys": {}}
    if operation == "SendMessageBatch":
        sent = [{"Id": each["Id"], "MessageId": each["Id"]} for each in asked["Entries"]]
        return {"Successful": sent, "Failed": []}
    return {} if operation else {"id": path.rpartition("/")[2], "object": "response.deleted", "deleted": True}


async def serve(delays: dict[str, float]) -> None:
    """Serve until the process is ended."""
    counted: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: StandIn(delays, counted), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    api, tables, queues = (float(milliseconds) / 1000 for milliseconds in sys.argv[1:])
    asyncio.run(serve({"api": api, "tables": tables, "queues": queues}))
