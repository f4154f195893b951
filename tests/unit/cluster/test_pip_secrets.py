"""What of a machine's pip configuration reaches an image's build."""

from pathlib import Path

import pytest
from hack.cluster.pip_secrets import pip_secrets


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose pip says that it is configured with what the returned file holds."""
    (tmp_path / "bin").mkdir()
    listing = tmp_path / "listing"
    pip = tmp_path / "bin" / "python3"
    pip.write_text(f"#!/bin/sh\nwhile read -r line; do echo \"$line\"; done <'{listing}'\n")
    pip.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return listing


def test_index_and_certificates_are_handed_on_and_paths_of_the_machine_are_not(
    tmp_path: Path, configured: Path
) -> None:
    trusted = tmp_path / "trusted.pem"
    trusted.write_text("certificate")
    configured.write_text(
        f"global.index-url='https://index.example/simple'\nglobal.cert='{trusted}'\nglobal.find-links='/opt/wheels'\n"
    )
    (tmp_path / "secrets").mkdir()

    secrets = pip_secrets(tmp_path / "secrets")

    assert (
        secrets["pip"].read_text()
        == "[global]\nindex-url = https://index.example/simple\ncert = /run/certificates.pem\n"
    )
    assert secrets["certificates"].read_text() == "certificate"


def test_a_variable_wins_over_a_file(tmp_path: Path, configured: Path) -> None:
    configured.write_text("global.index-url='https://a.example/'\n:env:.index-url='https://b.example/'\n")

    assert "https://b.example/" in pip_secrets(tmp_path)["pip"].read_text()


def test_a_machine_that_is_not_configured_has_no_secrets(tmp_path: Path, configured: Path) -> None:
    configured.write_text("")

    assert pip_secrets(tmp_path) == {}
