"""The packed extension says under which licences it is and carries their texts, those of the code of npm in it too."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from vscode.extension import CLIENT, LICENCES, REPOSITORY


def test_the_extension_carries_its_licences(extension: Path) -> None:
    with zipfile.ZipFile(extension) as archive:
        content = {name.removeprefix("extension/"): archive.read(name) for name in archive.namelist()}
    # The packer gives the first one an ending, under which the extension's page finds it.
    names = {name: "LICENSE.txt" if name == "LICENSE" else name for name in LICENCES}
    assert {name: content[there] for name, there in names.items()} == {
        name: (REPOSITORY / name).read_bytes() for name in LICENCES
    }
    assert json.loads(content["package.json"])["license"] == "MIT AND Apache-2.0"
    assert any(name.startswith("server/codehunch-") for name in content), (
        "the wheel with the model is what they are for"
    )

    notices = content["THIRD_PARTY_NOTICES.txt"].decode()
    locked = json.loads((CLIENT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name in ("vscode-languageclient", "vscode-languageserver-protocol", "vscode-jsonrpc", "semver"):
        assert f"\n{name} {locked[f'node_modules/{name}']['version']} (" in notices
    assert "Permission is hereby granted" in notices
