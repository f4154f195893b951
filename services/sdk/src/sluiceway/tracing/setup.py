"""Sets a tracer provider as OpenTelemetry's environment variables ask for it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import structlog
from opentelemetry.trace import set_tracer_provider

from .tracer import provider_is_set

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["set_up_tracing", "wanted_exporters"]

_EXPORTERS = "OTEL_TRACES_EXPORTER"
_ASK_FOR_IT = (_EXPORTERS, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_BY_PROTOCOL = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


def set_up_tracing(service_name: str = "", environment: Mapping[str, str] = os.environ) -> None:
    """Send spans where the environment says, unless it says nothing or the application has set a provider itself.

    Sampler, resource, batches and the exporter's address are read by OpenTelemetry's SDK from its own variables, see
    https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. What cannot be set up is logged
    and left out: a service does its work without spans, too.

    Args:
        service_name: Used where neither OTEL_SERVICE_NAME nor OTEL_RESOURCE_ATTRIBUTES names the service.
        environment: The variables that decide whether there are spans, and by which exporter.
    """
    wanted = wanted_exporters(environment)
    if not wanted or provider_is_set():
        return
    log = structlog.get_logger("sluiceway")
    if importlib.util.find_spec("opentelemetry.sdk") is None:
        log.warning(
            "No spans are sent: OpenTelemetry's SDK is missing; install sluiceway[otel], or unset these variables",
            variables=[name for name in _ASK_FOR_IT if environment.get(name)],
        )
        return
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # optional: the extra `otel`
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    exporters = [exporter for name in wanted if (exporter := _exporter(name)) is not None]
    if not exporters:
        return
    named = Resource.create()
    if service_name and str(named.attributes.get("service.name", "")).startswith("unknown_service"):
        named = named.merge(Resource({"service.name": service_name}))
    provider = TracerProvider(resource=named)
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    set_tracer_provider(provider)
    log.info("Spans are sent", exporters=wanted)


def wanted_exporters(environment: Mapping[str, str]) -> list[str]:
    """Return the names of the exporters that the environment asks for; none if it asks for nothing.

    Args:
        environment: The process's variables.
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    if not any(environment.get(name, "").strip() for name in _ASK_FOR_IT):
        return []
    names = [name.strip() for name in (environment.get(_EXPORTERS) or "otlp").split(",")]
    protocol = next((environment[name].strip() for name in _PROTOCOLS if environment.get(name)), "http/protobuf")
    told = [_BY_PROTOCOL.get(protocol, protocol) if name == "otlp" else name for name in names]
    return [name for name in dict.fromkeys(told) if name not in ("", "none")]


def _exporter(name: str) -> SpanExporter | None:
    for found in entry_points(group="opentelemetry_traces_exporter", name=name):
        try:
            made: SpanExporter = found.load()()
        except Exception as error:  # noqa: BLE001  # another distribution's code; spans are no reason not to serve
            structlog.get_logger("sluiceway").warning(
                "Exporter of spans cannot be used", exporter=name, error=str(error)
            )
            return None
        return made
    offered = sorted({each.name for each in entry_points(group="opentelemetry_traces_exporter")})
    structlog.get_logger("sluiceway").warning(
        "Exporter of spans is not installed; see OTEL_TRACES_EXPORTER and OTEL_EXPORTER_OTLP_PROTOCOL",
        exporter=name,
        installed=offered,
    )
    return None
