"""What the API server takes and what is unwise all the same, seen from all objects of the given files. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..resource import Mode, TrimPolicy
from .checking import StreamConsumerManifest, dotted
from .finding import Finding, Severity
from .source import Document, Path

__all__ = ["advise"]

_SERVICE_GRACE_SECONDS = 25
"""How long a service of the SDK lets handlers finish after SIGTERM (`grace_seconds`), unless told otherwise."""
_KUBERNETES_GRACE_SECONDS = 30
_MARGIN_SECONDS = 10
"""What a stop needs beside the handler: reading ends, results are committed, what is left is handed back."""

_Remark = tuple[Document, Path, str]


def advise(
    consumers: Sequence[StreamConsumerManifest], documents: Sequence[Document], handler_seconds: int | None
) -> list[Finding]:
    """Return what should be thought over.

    Args:
        consumers: The StreamConsumers, right each by itself.
        documents: All objects of the files, of whatever kind.
        handler_seconds: The longest that a handler may run; None: not known.
    """
    remarks = [
        *(remark for rule in _OF_ONE for consumer in consumers for remark in rule(consumer)),
        *_shared(consumers),
        *(remark for consumer in consumers for remark in _of_target(consumer, documents, handler_seconds)),
    ]
    return [
        Finding(Severity.WARNING, document.file, document.line(path), document.subject, dotted(path), message)
        for document, path, message in remarks
    ]


def _without_effect(consumer: StreamConsumerManifest) -> Iterator[_Remark]:
    """Name fields that somebody wrote and that change nothing."""
    spec, written = consumer.spec, consumer.document.lines
    trim, scaling = spec.trim, spec.scaling
    silent: list[tuple[bool, Path, str]] = [
        (
            trim is not None and trim.policy is not TrimPolicy.LENGTH,
            ("spec", "trim", "maxLength"),
            "only policy Length heeds it",
        ),
        (
            trim is not None and trim.policy is not TrimPolicy.AGE,
            ("spec", "trim", "maxAgeSeconds"),
            "only policy Age heeds it",
        ),
        (
            scaling.min_replicas > 0,
            ("spec", "scaling", "scaleDown", "idleSeconds"),
            f"minReplicas is {scaling.min_replicas}, so the last replica never goes",
        ),
        (
            scaling.target.backlog_per_replica is not None,
            ("spec", "scaling", "initialCapacityPerReplica"),
            "only a target of drainSeconds needs it",
        ),
        (
            spec.redis.url is not None and not spec.redis.url.startswith("rediss"),
            ("spec", "redis", "tls"),
            "the url is not encrypted, write rediss://",
        ),
    ]
    for unheeded, path, why in silent:
        if unheeded and path in written:
            yield consumer.document, path, f"has no effect: {why}"


def _never_scaled(consumer: StreamConsumerManifest) -> Iterator[_Remark]:
    scaling = consumer.spec.scaling
    if scaling.min_replicas == scaling.max_replicas:
        path = ("spec", "scaling", "minReplicas")
        yield (
            consumer.document,
            path,
            f"equals maxReplicas, {scaling.max_replicas}: the number of replicas never changes",
        )


def _restless(consumer: StreamConsumerManifest) -> Iterator[_Remark]:
    down = consumer.spec.scaling.scale_down
    at: Path = ("spec", "scaling", "scaleDown")
    if down.stabilization_seconds == 0:
        message = "is 0: under uneven load replicas go and come back within seconds; 60 is the default"
        yield consumer.document, (*at, "stabilizationSeconds"), message
    if down.idle_seconds == 0 and consumer.spec.scaling.min_replicas == 0:
        message = "is 0: the last replica goes as soon as there is nothing to do, and each event may wait for a new one"
        yield consumer.document, (*at, "idleSeconds"), message


_OF_ONE: tuple[Callable[[StreamConsumerManifest], Iterator[_Remark]], ...] = (_without_effect, _never_scaled, _restless)


def _shared(consumers: Sequence[StreamConsumerManifest]) -> Iterator[_Remark]:
    """Name what two of them claim for themselves."""
    targets: dict[Any, str] = {}
    groups: dict[Any, str] = {}
    for consumer in consumers:
        spec, document = consumer.spec, consumer.document
        ref = spec.scale_target_ref
        first = targets.setdefault((consumer.namespace, ref.api_version, ref.kind, ref.name), document.subject)
        if first != document.subject:
            message = f"{ref.kind} {ref.name} is the target of {first} too: they would write against each other"
            yield document, ("spec", "scaleTargetRef"), message
        where = spec.redis.url or (consumer.namespace, spec.redis.url_from)
        first = groups.setdefault((where, spec.stream, spec.group.name), document.subject)
        if first != document.subject:
            message = f"group {spec.group.name} of stream {spec.stream} is looked after by {first} too"
            yield document, ("spec", "group", "name"), message


def _of_target(
    consumer: StreamConsumerManifest, documents: Sequence[Document], handler_seconds: int | None
) -> Iterator[_Remark]:
    ref = consumer.spec.scale_target_ref
    for document in documents:
        namespace, name = _in(document, "metadata", "namespace") or "", _in(document, "metadata", "name")
        if namespace != consumer.namespace:
            continue
        kind = (document.value.get("apiVersion"), document.value.get("kind"))
        if (*kind, name) == (ref.api_version, ref.kind, ref.name):
            yield from _replicas(consumer, document)
            yield from _grace(document, handler_seconds)
        elif document.value.get("kind") in {"HorizontalPodAutoscaler", "ScaledObject"}:
            other = _in(document, "spec", "scaleTargetRef")
            if isinstance(other, dict) and (other.get("kind", "Deployment"), other.get("name")) == (ref.kind, ref.name):
                message = f"{ref.kind} {ref.name} is scaled by {consumer.document.subject} too; remove one of the two"
                yield document, ("spec", "scaleTargetRef"), message


def _replicas(consumer: StreamConsumerManifest, target: Document) -> Iterator[_Remark]:
    replicas = _in(target, "spec", "replicas")
    if replicas is not None and consumer.spec.scaling.mode is Mode.AUTOMATIC:
        message = f"every apply sets {replicas} replicas again, also under load: leave it out, {consumer.document.subject} decides"
        yield target, ("spec", "replicas"), message


def _grace(target: Document, handler_seconds: int | None) -> Iterator[_Remark]:
    pod = _in(target, "spec", "template", "spec")
    if not isinstance(pod, dict):
        return
    given = pod.get("terminationGracePeriodSeconds")
    grace = given if isinstance(given, int) else _KUBERNETES_GRACE_SECONDS
    needed = _SERVICE_GRACE_SECONDS + 5 if handler_seconds is None else handler_seconds + _MARGIN_SECONDS
    if grace < needed:
        why = (
            f"a service lets handlers finish for {_SERVICE_GRACE_SECONDS} s"
            if handler_seconds is None
            else f"a handler may run for {handler_seconds} s"
        )
        said = f"is {grace}" if given is not None else f"is not given, so it is {grace}"
        path = ("spec", "template", "spec", "terminationGracePeriodSeconds")
        yield target, path, f"{said}, but {why}: give {needed}, else a reduction ends handlers in the middle"


def _in(document: Document, *path: str) -> Any:
    value: Any = document.value
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
