import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from infra.local.processes.surroundings import ROOT
from infra.local.studio.process import running_studio
from infra.local.studio.settings import Settings
from tests.contract.helpers import port_of, raw_request
from tests.support.processes import alive
from tests.support.waiting import eventually


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_nothing_is_left_of_a_server_whose_parent_was_killed() -> None:
    parent = (
        "from infra.local.studio.process import running_studio\n"
        "with running_studio() as studio:\n"
        "    print(studio.base_url, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(  # noqa: S603 - this interpreter, a constant program
        [sys.executable, "-c", parent], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = port_of(process.stdout.readline().strip())
        assert listens(port)

        process.kill()

    eventually(lambda: not listens(port))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_quietly(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "infra.local.studio"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert listens(port_of(process.stdout.readline().decode()))
        process.send_signal(number)
        _, complaints = process.communicate(timeout=60)

    assert (process.returncode, complaints) == (0, b"")


def test_a_signal_stops_it_though_a_request_still_hangs() -> None:
    with running_studio() as studio:
        studio.fault(delay=600)
        with raw_request(studio, "GET", "responses/a"):
            eventually(lambda: studio.requests("a") != [])
            os.kill(studio.pid, signal.SIGTERM)
            eventually(lambda: not alive({studio.pid}))


def test_it_stops_with_its_block_though_a_request_still_hangs() -> None:
    with running_studio() as studio:
        studio.fault(delay=600)
        with raw_request(studio, "GET", "responses/a"):
            eventually(lambda: studio.requests("a") != [])

    with pytest.raises(ProcessLookupError):
        os.kill(studio.pid, 0)


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "infra.local.studio", f"--port={port}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"The local AI Studio can't listen on 127.0.0.1:{port}: ")
    assert len(ended.stderr.splitlines()) == 1


def test_it_listens_on_loopback_only_and_answers_as_it_was_told_to() -> None:
    settings = Settings(keys=("one", "two"), folder_id="mine", realtime_model="m", latency=0.1, realtime_post="empty")

    with running_studio(settings) as studio:
        assert studio.base_url.startswith("http://127.0.0.1:")
        assert studio.realtime_url == studio.base_url.replace("http", "ws") + "/realtime"
        assert (studio.folder_id, studio.api_key, studio.realtime_model_uri) == ("mine", "one", "gpt://mine/m")
        with socket.socket() as outside, pytest.raises(OSError, match="refused"):
            outside.connect(("127.0.0.2", port_of(studio.base_url)))
        with httpx.Client(base_url=studio.base_url, headers={"OpenAI-Project": "mine"}, trust_env=False) as client:
            begun = time.monotonic()
            for key in ("one", "two"):
                assert client.get("responses/a", headers={"Authorization": f"Bearer {key}"}).status_code == 404
            assert time.monotonic() - begun >= 0.2


def test_an_idle_connection_is_closed_when_its_time_is_up() -> None:
    with (
        running_studio(Settings(keepalive=0.1)) as studio,
        raw_request(studio, "GET", "responses/a") as client,
        client.makefile("rb") as stream,
    ):
        received = stream.read()

    assert received.startswith(b"HTTP/1.1 404")


def test_the_same_seed_makes_the_same_ids() -> None:
    def first_ids(seed: int) -> list[str]:
        with running_studio(Settings(seed=seed)) as studio, httpx.Client(trust_env=False) as client:
            body = {"model": f"gpt://{studio.folder_id}/m", "input": "x"}
            return [
                client.post(f"{studio.base_url}/responses", json=body, headers=studio.headers).json()["id"]
                for _ in range(3)
            ]

    assert first_ids(7) == first_ids(7) != first_ids(8)


def test_it_prints_where_it_listens_and_nothing_of_what_it_is_asked() -> None:
    secret = "a secret question"
    with subprocess.Popen(
        [sys.executable, "-m", "infra.local.studio"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().decode().strip()
        headers = {"Authorization": "Bearer local-key", "OpenAI-Project": "b1glocalfolder"}
        with httpx.Client(base_url=base_url, headers=headers, trust_env=False, timeout=60) as client:
            for fields in ({}, {"stream": True}, {"background": True}, {"surprise": secret}, {"tools": [secret]}):
                client.post("responses", json={"model": "gpt://b1glocalfolder/m", "input": secret, **fields})
            log = client.get(f"{base_url.removesuffix('/v1')}/_local/requests").text
        process.send_signal(signal.SIGTERM)
        printed = b"".join(process.communicate(timeout=60))

    assert printed == b""
    assert secret not in log


def test_it_is_told_how_many_looks_a_background_response_takes() -> None:
    with (
        running_studio(Settings(background_polls=1)) as studio,
        httpx.Client(base_url=studio.base_url, headers=studio.headers, trust_env=False) as client,
    ):
        body = {"model": f"gpt://{studio.folder_id}/m", "input": "x", "background": True}
        made = client.post("responses", json=body).json()

        assert (made["status"], client.get(f"responses/{made['id']}").json()["status"]) == ("queued", "completed")
