"""How a command ends: an exit code, and one line on standard error where it is not 0."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from documents import TableUnavailable
from infra.operate.cloud import Stopped

DONE, WANTING, USAGE, UNREACHABLE = 0, 1, 2, 3
"""Done; something was found wanting; the command was not understood; what it needs can't be reached."""

INTERRUPTED, PIPE_CLOSED = 130, 141
"""Ctrl-C; the reader of a pipe went away. As shells tell of programs that these signals end."""

_SILENT = (EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, ConnectionClosedError)


_WRONG_WITH_FILES = {
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "is a folder: name a file",
    errno.ENOTDIR: "a part of it is no folder",
    errno.EEXIST: "is there already: name another",
    errno.EACCES: "you have no right to it",
    errno.EPERM: "you have no right to it",
    errno.ENOSPC: "the disk is full",
    errno.ENAMETOOLONG: "the name is too long",
}


class Ended(Exception):
    """The command can't go on: the message is one line that says why and what to do, `code` is the exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def wanting(message: str) -> Ended:
    """Make the end of a command that found something wrong."""
    return Ended(message, WANTING)


def misused(message: str) -> Ended:
    """Make the end of a command that was given what it can't take."""
    return Ended(message, USAGE)


def unreachable(message: str) -> Ended:
    """Make the end of a command that can't reach what it needs."""
    return Ended(message, UNREACHABLE)


def unusable(error: OSError, path: Path | None = None) -> Ended:
    """Make the end of a command that can't use a file: the error's own, where no other is named."""
    told = _WRONG_WITH_FILES.get(error.errno or 0) or (error.strerror or type(error).__name__).lower()
    return misused(f"{path or error.filename}: {told}")


@contextmanager
def services() -> Iterator[None]:
    """Turn what a service's client, or a file, raises into `Ended`."""
    try:
        yield
    except Stopped as error:
        raise unreachable(" ".join(str(error).split())) from None
    except TableUnavailable as error:
        raise unreachable(f"the ledger can't be used: {_of_the_ledger(str(error))}") from None
    except _SILENT as error:
        raise unreachable(_nothing_at(error.kwargs.get("endpoint_url", "the service"))) from None
    except NoCredentialsError:
        raise unreachable("no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set") from None
    except ClientError as error:
        raise unreachable(_refused(error)) from None
    except BotoCoreError as error:
        raise unreachable(f"a service can't be used: {type(error).__name__}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(_of_http(error)) from None
    except BrokenPipeError:
        raise  # nobody reads what is printed any more: no complaint can help
    except OSError as error:
        raise unusable(error) if error.filename else unreachable(f"the network fails: {type(error).__name__}") from None


def _nothing_at(url: str) -> str:
    return f"nothing answers at {url}: is the network there, and the address right?"


def _of_http(error: httpx.HTTPError | httpx.InvalidURL) -> str:
    if isinstance(error, httpx.ConnectError):
        return _nothing_at(str(error.request.url.copy_with(raw_path=b"")))
    return f"a service can't be used: {type(error).__name__}"


def _of_the_ledger(why: str) -> str:
    told = {
        "ResourceNotFoundException": "there is no such table (LEDGER_TABLE_PREFIX)",
        "ValidationException": "its table may be of an older version: the command doctor says what it lacks",
        "EndpointConnectionError": "nothing answers at YDB_DOCAPI_ENDPOINT",
        "AccessDeniedException": "it refuses these credentials",
        "UnrecognizedClientException": "it refuses these credentials",
        "InvalidClientTokenId": "it refuses these credentials",
    }
    return _broken(why) if why.isdecimal() else told.get(why, why)


def _broken(status: str) -> str:
    return f"its service answers {status}: try again later, or, where it was broken on purpose, mend it with break off"


def _refused(error: ClientError) -> str:
    """What a service's refusal means; never its message, which may quote the request."""
    code, operation = str(error.response.get("Error", {}).get("Code", "")), error.operation_name
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
        return "there is no such queue: was it deleted, or is its URL another environment's?"
    if code == "ResourceNotFoundException":
        return "there is no such table (LEDGER_TABLE_PREFIX)"
    if status in (401, 403) or code in ("AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch"):
        return f"{operation} is refused ({code}): the credentials are wrong, or lack a role"
    if status >= 500:
        return f"{operation} failed: {_broken(str(status))}"
    return f"{operation} failed: {code or status}"
