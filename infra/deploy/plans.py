"""What a plan of Terraform, as JSON, says of queues that it deletes and of versions that failed to build."""

from collections.abc import Collection
from typing import Any

from infra.operate.cloud import Stopped


def keep_queues(plan: Any, drop: Collection[str]) -> None:
    """Raise Stopped where the plan deletes a queue that `drop` does not name."""
    lost = sorted(
        change["change"]["before"]["name"]
        for change in plan.get("resource_changes", [])
        if change["type"] == "yandex_message_queue" and "delete" in change["change"]["actions"]
    )
    kept = [name for name in lost if name not in drop]
    if kept:
        allowed = " ".join(f"--drop-queue {name}" for name in kept)
        raise Stopped(
            f"nothing was applied: it would delete {', '.join(kept)} with every message in it. If that is not meant,\n"
            "undo what takes the queue away or renames it (set in app.tfvars, environment, functions.yaml).\n"
            f'If it is, drain the queue first (infra/README.md, "Take a function away"), then add {allowed}'
        )


def differences(plan: Any) -> str:
    """Tell what runs in place of what was applied, function by function, from the plan made after it."""
    lines = []
    for each in plan.get("resource_changes", []):
        before, after = each["change"]["before"] or {}, each["change"]["after"] or {}
        if each["change"]["actions"] in (["no-op"], ["read"]):
            continue
        running, wanted = ((state.get("environment") or {}).get("RELEASE") for state in (before, after))
        if each["type"] != "yandex_function" or running == wanted:
            lines.append(f"  {each['address']} differs")
        elif running is None:
            lines.append(f"  {after['name']}: its version failed to build, and it has no earlier one: nothing runs")
        else:
            lines.append(f"  {after['name']}: its version failed to build; release {running} goes on running")
    return "what runs is not what was applied; warnings stand in the output of apply\n" + "\n".join(lines)
