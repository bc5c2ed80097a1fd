"""The local table server as the Document API would be: under a path, and without what YDB does not have."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

PATH = "/ru-central1/b1gcloud/etndatabase"
ABSENT = {
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeKinesisStreamingDestination",
    "ListTagsOfResource",
    "TagResource",
    "UntagResource",
    "UpdateContinuousBackups",
}


class Proxy(BaseHTTPRequestHandler):
    server: "Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        action = self.headers["X-Amz-Target"].rpartition(".")[2]
        if not self.path.startswith(PATH) or action in ABSENT:
            self.server.refused.add(action)
            self._answer(400, json.dumps({"__type": "UnknownOperationException", "message": action}).encode())
            return
        kept = {name: self.headers[name] for name in ("X-Amz-Target", "Authorization", "Content-Type")}
        answer = self.server.client.post("/", content=body, headers=kept)
        self._answer(answer.status_code, answer.content)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """The proxy; `refused` are the actions that were asked for and are absent."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Proxy)
        self.client = httpx.Client(base_url=upstream, trust_env=False)
        self.refused: set[str] = set()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{PATH}"


@contextmanager
def document_api(upstream: str) -> Iterator[Server]:
    with Server(upstream) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
        server.client.close()
