"""`make bench-docs` brings the document up to what was measured."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.support.repository import ROOT

ROW = {
    "name": "publish",
    "events_per_s": 61234,
    "ratio_to_raw": None,
    "runs": [61234],
    "cpu_us_per_event": {"client": 9.3},
    "configuration": {"work": "many events a call", "machine": "some processor, 2 cores"},
}


def test_the_document_tells_what_was_measured_last_and_keeps_what_was_not(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    shutil.copy(ROOT / "docs" / "performance.md", document)
    memory = document.read_text().partition("<!-- memory:begin")[2]
    (tmp_path / "sdk.json").write_text(json.dumps([ROW]))

    command = ["make", "bench-docs", f"ARGS=--document {document} --measured {tmp_path}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    text = document.read_text()
    assert "| `publish` | 61,234 |" in text
    assert text.partition("<!-- memory:begin")[2] == memory
