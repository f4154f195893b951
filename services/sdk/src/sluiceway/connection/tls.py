"""What redis-py is told about TLS, and what its errors mean to somebody who has to put them right."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError

from ..errors import ConfigurationError
from .settings import RedisSettings

__all__ = ["check_files", "explained", "tls_options"]

_FILES = ("tls_ca_file", "tls_certificate_file", "tls_key_file")
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_TURNED_AWAY = (
    "if nothing else explains it, the server does not accept our certificate, or asks for one: see tls_certificate_file"
)
_ADVICE = (
    (
        "mismatch, certificate is not valid for",
        "the server's certificate names others: connect by a name that it has, put this one into it, or set tls_check_host_name=False",
    ),
    ("certificate has expired", "renew the server's certificate"),
    ("CERTIFICATE_EXPIRED", "the server says that our certificate has expired: renew tls_certificate_file"),
    ("certificate is not yet valid", "the server's certificate is for later: are the clocks right?"),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "nobody in tls_ca_file (or, without it, known to the system) has signed the server's certificate: give its CA's file",
    ),
    (
        "CERTIFICATE_REQUIRED",
        "the server asks for a certificate of ours: give tls_certificate_file and tls_key_file",
    ),
    ("UNKNOWN_CA", "the server does not know who signed our certificate: is tls_certificate_file the right one?"),
    ("BAD_CERTIFICATE", "the server does not like our certificate: is tls_certificate_file the right one?"),
    ("HANDSHAKE_FAILURE", "the server may want a certificate of ours: give tls_certificate_file and tls_key_file"),
    # OpenSSL's words where what answers has no TLS.
    ("WRONG_VERSION_NUMBER", "the server speaks no TLS at this port: use its TLS port, or a URL with redis://"),
    ("UNSUPPORTED_PROTOCOL", "the server's TLS is older than tls_minimum_version"),
    ("PROTOCOL_VERSION", "the server's TLS is older than tls_minimum_version"),
    ("KEY_VALUES_MISMATCH", "tls_key_file is not the key of tls_certificate_file"),
    # A server that turns us away after the handshake closes at once, and what it says of it may be lost by that.
    ("reset by peer", _TURNED_AWAY),
    ("closed by server", _TURNED_AWAY),
    ("Broken pipe", _TURNED_AWAY),
    ("NO_CERTIFICATE_OR_CRL_FOUND", "there is no certificate in PEM form in tls_ca_file"),
    (
        "PEM lib",
        "tls_certificate_file must hold a certificate, and it or tls_key_file a key without a password, both in PEM form",
    ),
)


def tls_options(settings: RedisSettings, *, encrypted: bool) -> dict[str, Any]:
    """Return what redis-py is told.

    Args:
        settings: What was asked for.
        encrypted: Whether the URL asks for TLS.

    Raises:
        ConfigurationError: Files were given that are never used.
    """
    given = [name for name in _FILES if getattr(settings, name) is not None]
    if not encrypted:
        if given:
            raise ConfigurationError(f"{given[0]}: only used with TLS, so the URL has to begin with rediss")
        return {}
    if settings.tls_key_file is not None and settings.tls_certificate_file is None:
        raise ConfigurationError("tls_key_file: needs tls_certificate_file, the certificate that it is the key of")
    certificate = _text(settings.tls_certificate_file)
    return {
        "ssl_ca_certs": _text(settings.tls_ca_file),
        "ssl_certfile": certificate,
        "ssl_keyfile": _text(settings.tls_key_file) or certificate,
        "ssl_check_hostname": settings.tls_check_host_name,
        "ssl_min_version": _VERSIONS[settings.tls_minimum_version],
    }


def check_files(settings: RedisSettings) -> None:
    """Return if all files can be read; OpenSSL does not say which one it could not.

    Raises:
        redis.exceptions.ConnectionError: One cannot; it may come back, as a mounted secret does.
    """
    for name in _FILES:
        file: Path | None = getattr(settings, name)
        try:
            if file is not None:
                file.read_bytes()
        except OSError as error:
            raise RedisConnectionError(f"{name} {file}: {error.strerror}") from error


def explained(error: Exception, *, encrypted: bool) -> Exception:
    """Return an error that says what to do, if a connection failed over TLS; else the error itself."""
    text = str(error)
    if not encrypted or not isinstance(error, RedisConnectionError | OSError):
        return error
    for words, advice in _ADVICE:
        if words in text and advice not in text:
            return RedisConnectionError(f"{text}; {advice}")
    return error


def _text(file: Path | None) -> str | None:
    return None if file is None else str(file)
