"""The call alone: delete responses with http.client in threads, and do nothing else: http_client.py MESSAGES AT_ONCE."""

import http.client
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[3]))

from tests.benchmarks.programs.meter import tell

HOST = urlsplit(os.environ["AISTUDIO_BASE_URL"]).netloc
kept = local()


def delete(number: int) -> None:
    """Delete one response over the thread's connection."""
    if not hasattr(kept, "connection"):
        kept.connection = http.client.HTTPConnection(HOST)
    kept.connection.request("DELETE", f"/v1/responses/resp_{number}", headers={"Authorization": "Bearer t1.token"})
    kept.connection.getresponse().read()


def main() -> None:
    """Delete so many."""
    count, at_once = map(int, sys.argv[1:])
    with ThreadPoolExecutor(at_once) as pool:
        tell(lambda messages: list(pool.map(delete, range(messages))), count)


main()
