"""Whether spans are wanted."""

from __future__ import annotations

from importlib.metadata import version

from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, Tracer, get_tracer_provider

from .attributes import SCHEMA_URL

__all__ = ["active_tracer", "provider_is_set"]


def provider_is_set() -> bool:
    """Return whether the application has set a tracer provider that may record something."""
    return not isinstance(get_tracer_provider(), ProxyTracerProvider | NoOpTracerProvider)


def active_tracer() -> Tracer | None:
    """Return the SDK's tracer, or None where no provider is set: then not even an empty span is made."""
    if not provider_is_set():
        return None
    return get_tracer_provider().get_tracer("sluiceway", version("sluiceway"), SCHEMA_URL)
