"""Who may call: the credential and the folder, as the API checks them."""

from collections.abc import Mapping

from infra.local.studio.settings import Settings
from infra.local.studio.wire.answers import Answer, error


def refused(headers: Mapping[str, str], settings: Settings, *, folder_required: bool) -> Answer | None:
    """The 401 or 403 that these request headers get, or nothing.

    The real API takes a service account's own folder where none is named. Here REST calls must name it: a client that
    forgot the header would otherwise pass every local test.
    """
    scheme, _, secret = headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "api-key") or not secret.strip():
        return error(401, "authentication_error", "No credential in the Authorization header", "unauthenticated")
    if secret.strip() not in settings.keys:
        return error(401, "authentication_error", "Unknown api key", "unauthenticated")
    folder = headers.get("OpenAI-Project")
    if folder is None and folder_required:
        return error(403, "permission_error", "The OpenAI-Project header names no folder", "permission_denied")
    if folder not in (None, settings.folder_id):
        return error(403, "permission_error", "Permission to the folder denied", "permission_denied")
    return None
