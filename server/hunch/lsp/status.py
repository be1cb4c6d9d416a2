"""Where a folder stands, as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hunch.lsp.protocol import FolderStatus

if TYPE_CHECKING:
    from hunch.live import Status


def status_of(uri: str, status: Status | None) -> FolderStatus:
    """Return a folder's part of ``hunch/status``; None stands for one that is not open yet."""
    if status is None:
        return {
            "uri": uri, "phase": "starting", "message": "Starting", "done": 0, "total": 0, "files": 0,
            "chunks": 0, "contextual": 0, "inContext": 0, "complete": False, "writer": False, "pausedBy": "",
            "notices": [],
        }  # fmt: skip
    return {
        "uri": uri,
        "phase": status.phase.value,
        "message": status.message,
        "done": status.done,
        "total": status.total,
        "files": status.files,
        "chunks": status.chunks,
        "contextual": status.contextual_count,
        "inContext": status.contextual_count,  # the name of contextual before 0.2
        "complete": status.complete,
        "writer": status.writer,
        "pausedBy": status.paused_by,
        "notices": list(status.notices),
    }
