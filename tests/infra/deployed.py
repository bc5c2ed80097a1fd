"""What the commands for operators see of a deployment on local servers: Lockbox, and what platform tells."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from infra.local.environment import Environment


class Lockbox(BaseHTTPRequestHandler):
    """Answers as the payload API does, to one token."""

    hash_key = ""

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "Bearer t1.token"
        known &= self.path == "/secrets/e6qhash/payload?versionId=e6v"
        answer = {"versionId": "e6v", "entries": [{"key": "HASH_KEY", "textValue": self.hash_key}]} if known else {}
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def platform_of(environment: Environment) -> dict[str, Any]:
    """What platform would tell of it."""
    return {
        "document_api_endpoint": environment.settings["YDB_DOCAPI_ENDPOINT"],
        "aistudio_folder_id": environment.settings["AISTUDIO_FOLDER_ID"],
        "table_prefix": environment.settings["LEDGER_TABLE_PREFIX"],
        "hash_key": {"secret_id": "e6qhash", "version_id": "e6v"},
    }
