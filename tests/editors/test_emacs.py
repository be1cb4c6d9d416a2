"""Emacs with Eglot in batch mode: the server is started, asked, typed at and stopped by the editor itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from editors.places import Place, run_editor

SCRIPT = Path(__file__).with_name("emacs_client.el")


def test_whole_session_with_the_configuration_of_readme(
    program: Callable[[str], str],
    configuration: Callable[..., str],
    place: Place,
    tmp_path: Path,
) -> None:
    settings = tmp_path / "init.el"
    settings.write_text(configuration("Emacs", "elisp"))
    report = run_editor(
        [program("emacs"), "--batch", "--no-init-file", "--load", SCRIPT],
        place,
        tmp_path / "report.json",
        env={
            "HUNCH_SHOP": str(place.shop),
            "HUNCH_LIBRARY": str(place.library),
            "HUNCH_CONFIGURATION": str(settings),
        },
    )
    place.wait_until_no_server()

    assert report["managed"] is True
    assert report["search"] == ["check_password", (place.shop / "src/auth.py").as_uri()]
    assert report["answerability"] == "relevant"
    assert report["symbols"] == "sort_orders_by_date"
    assert report["apropos"][0].endswith("web/client.ts")
    assert report["command"][0] == "RetryWithBackoff"
    assert report["refused"] == -32602
    assert report["unsaved_ms"] < 2_000 and report["renamed_ms"] < 2_000 and report["saved_ms"] < 2_000
    assert report["exit_ms"] < 2_000
    assert report["statuses"] > 1
