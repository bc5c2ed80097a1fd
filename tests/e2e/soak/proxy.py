"""Between the functions and the queue server: delays are cut short, some answers are lost, some sends refused.

Backoff waits up to 15 minutes, which a soak does not have. That a copy comes early may happen anyway (a queue's clock
is not ours), and so may the answer to a request that was carried out get lost.
"""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import urlsplit

HOST = "127.0.0.1"
SENDS = "AmazonSQS.SendMessageBatch"


class QueueProxy(ThreadingHTTPServer):
    """Passes requests on to `upstream`; `longest` is the delay, in seconds, that copies keep; `seen` counts.

    `losing` is the share of sent batches whose answer is lost; while `refusing` none is taken at all.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: str, longest: int, seed: int) -> None:
        super().__init__((HOST, 0), _Handler)
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or HOST, parts.port or 80)
        self.longest = longest
        self.losing = 0.0
        self.refusing = False
        self.seen: Counter[str] = Counter()
        self._random = Random(seed)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.server_port}"

    def loses(self, operation: str) -> bool:
        """Whether this answer gets lost."""
        with self._lock:
            self.seen[operation] += 1
            lost = operation == SENDS and self._random.random() < self.losing
            self.seen["lost answers"] += lost
            return lost

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are killed here, and servers are stopped."""


class _Handler(BaseHTTPRequestHandler):
    server: QueueProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._upstream = http.client.HTTPConnection(*self.server.upstream, timeout=60)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def do_POST(self) -> None:
        operation = self.headers.get("X-Amz-Target", "")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if operation == SENDS and self.server.refusing:
            self._answer(503, [], b'{"__type": "ServiceUnavailable", "message": "made up"}')
            return
        if operation == SENDS:
            body = shortened(body, self.server.longest)
        given = {name: value for name, value in self.headers.items() if name.lower() not in ("content-length", "host")}
        self._upstream.request("POST", self.path, body, given)
        answer = self._upstream.getresponse()
        told = answer.read()
        if self.server.loses(operation):
            self.close_connection = True
            return
        self._answer(answer.status, answer.getheaders(), told)

    def _answer(self, status: int, headers: list[tuple[str, str]], told: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)


def shortened(body: bytes, longest: int) -> bytes:
    """A SendMessageBatch with no delay longer than this."""
    document = json.loads(body)
    for entry in document["Entries"]:
        entry["DelaySeconds"] = min(entry.get("DelaySeconds", 0), longest)
    return json.dumps(document).encode()


@contextmanager
def running_proxy(upstream: str, longest: int, seed: int) -> Iterator[QueueProxy]:
    """A proxy that runs until the block ends."""
    proxy = QueueProxy(upstream, longest, seed)
    thread = threading.Thread(target=proxy.serve_forever, args=[0.05], name="queue proxy", daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
