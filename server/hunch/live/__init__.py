"""A workspace folder kept true while people type: dirty paths and unsaved text in, immutable snapshots out."""

from hunch.live.status import LiveOptions, Phase, Status
from hunch.live.workspace import LiveWorkspace

__all__ = ["LiveOptions", "LiveWorkspace", "Phase", "Status"]
