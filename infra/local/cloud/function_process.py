"""The inside of a function's process: what the platform's Python runtime does around a handler.

Run as a script with the functions' folder and the entry point: requests come as JSON lines on standard input, replies
leave as JSON lines on standard output, and what the function prints goes to standard error. The process ends when
standard input ends. The folder takes this file's place on sys.path, so a function finds what would be deployed and
nothing of the repository around it.
"""

import importlib
import json
import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Context(SimpleNamespace):
    """The second argument of a handler: the attributes that the platform documents, as plain values.

    `deadline_ms` is epoch milliseconds; `function_name` is a bare id; `token` is a dict with `access_token`,
    `expires_in` (seconds) and `token_type`, or None where the function has no service account.
    """

    deadline_ms: int

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the platform kills the process; negative once they are over."""
        return self.deadline_ms - int(time.time() * 1000)


class _RequestId(logging.Filter):
    current = "-"

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = self.current
        return True


def main(root: str, entry_point: str) -> None:
    """Serve requests one at a time, importing the entry point at the first one; an import that fails ends it."""
    sys.path[0] = root
    _set_clock()
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
    request_id = _preinstall_logging()
    requests = _requests()
    handler = None
    while True:
        request = json.loads(requests.get())
        request_id.current = request["context"]["request_id"]
        try:
            if handler is None:
                handler = _load(entry_point)
            handler(request["event"], Context(**request["context"]))
            reply: dict[str, Any] = {"ok": True}
        except Exception as error:  # noqa: BLE001 -- the platform answers for whatever a handler raises
            stack = [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
            reply = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": stack}
        print(json.dumps(reply), file=replies, flush=True)
        if handler is None:
            sys.exit(1)


def _set_clock() -> None:
    """Set `time.time` ahead as a local story says (infra/local/processes/clock_ahead.py, which can't be imported here)."""
    if path := os.environ.get("LOCAL_CLOCK_AHEAD"):
        real, ahead = time.time, Path(path)
        time.time = lambda: real() + float(ahead.read_text())


def _requests() -> "queue.SimpleQueue[bytes]":
    pipe = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in pipe:
            lines.put(line)
        os._exit(0)  # the parent is gone, and the handler may be in the middle of a call

    threading.Thread(target=read, name="requests", daemon=True).start()
    return lines


def _load(entry_point: str) -> Callable[[Any, Context], object]:
    module, _, name = entry_point.rpartition(".")
    handler: Callable[[Any, Context], object] = getattr(importlib.import_module(module), name)
    return handler


def _preinstall_logging() -> _RequestId:
    """Install a root handler (stdout, WARNING) with the request id, as the platform does before a function's import."""
    request_id = _RequestId()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(asctime)s %(request_id)s %(message)s"))
    handler.addFilter(request_id)
    logging.getLogger().addHandler(handler)
    return request_id


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
