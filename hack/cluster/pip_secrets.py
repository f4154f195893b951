"""Hands this machine's pip configuration to the commands of an image's build, and to nothing else.

A machine may reach its package index only under another name, or through a proxy whose certificate it alone trusts. The
build gets that as secrets, which no layer of the image keeps.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from .commands import run

__all__ = ["pip_secrets"]

_LINE = re.compile(r"^[^ ]+?\.(?P<option>[a-z-]+)='(?P<value>.*)'$")
_HANDED_ON = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")
_CERTIFICATES = "/run/certificates.pem"


def pip_secrets(folder: Path) -> dict[str, Path]:
    """Write the secrets `pip` and `certificates` into a folder, as far as there are any, and return them by name."""
    python = shutil.which("python3") or "python3"
    # what stands further down wins, as in pip itself: files first, then variables
    lines = run([python, "-m", "pip", "config", "list"]).splitlines()
    found = {match["option"]: match["value"] for match in map(_LINE.match, lines) if match}
    options = {option: found[option] for option in _HANDED_ON if option in found}
    secrets = {}
    certificates = found.get("cert") or os.environ.get("SSL_CERT_FILE")
    if certificates and Path(certificates).is_file():
        secrets["certificates"] = folder / "certificates.pem"
        shutil.copyfile(certificates, secrets["certificates"])
        options["cert"] = _CERTIFICATES
    if options:
        secrets["pip"] = folder / "pip.conf"
        # values may span lines; pip reads indented ones as continuations
        text = "".join(f"{option} = {value}\n" for option, value in options.items()).replace("\\n", "\n    ")
        secrets["pip"].write_text(f"[global]\n{text}")
    return secrets
