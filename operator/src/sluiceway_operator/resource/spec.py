"""What a person asks for. Defaults and bounds are those of the CRD; a test holds the two together."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from .model import Model

__all__ = [
    "Consumers",
    "CredentialsSecretRef",
    "DeadLetter",
    "Group",
    "Mode",
    "OnDelete",
    "OnLost",
    "Redis",
    "ScaleDown",
    "ScaleTargetRef",
    "ScaleUp",
    "Scaling",
    "StartFrom",
    "StreamConsumerSpec",
    "Target",
    "Trim",
    "TrimPolicy",
]

_Name = Annotated[str, Field(min_length=1, max_length=253)]
_Length = Annotated[int, Field(ge=0, le=1_000_000_000)]


class SecretKeyRef(Model):
    """One key of a Secret in the object's namespace."""

    name: _Name
    key: _Name


class CredentialsSecretRef(Model):
    """A Secret with user and password."""

    name: _Name
    username_key: _Name = "username"
    password_key: _Name = "password"  # noqa: S105  # the name of a key


class CaSecretRef(Model):
    """A Secret with an authority's certificate."""

    name: _Name
    key: _Name = "ca.crt"


class ClientCertificateSecretRef(Model):
    """A Secret of type kubernetes.io/tls."""

    name: _Name


class Tls(Model):
    """Whom to trust and who we are."""

    ca_secret_ref: CaSecretRef | None = None
    client_certificate_secret_ref: ClientCertificateSecretRef | None = None


class Redis(Model):
    """Where the stream is."""

    url: (
        Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^rediss?(\+(sentinel|cluster))?://[^@\s]+$")]
        | None
    ) = None
    url_from: SecretKeyRef | None = None
    credentials_secret_ref: CredentialsSecretRef | None = None
    sentinel_credentials_secret_ref: CredentialsSecretRef | None = None
    tls: Tls | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_from is None):
            raise ValueError("give exactly one of url and urlFrom")
        return self


class StartFrom(StrEnum):
    """Where a new group begins."""

    EARLIEST = "Earliest"
    LATEST = "Latest"


class OnLost(StrEnum):
    """Where a lost group begins again."""

    RESUME = "Resume"
    EARLIEST = "Earliest"
    LATEST = "Latest"
    FAIL = "Fail"


class OnDelete(StrEnum):
    """What happens to the group when the resource goes."""

    RETAIN = "Retain"
    DELETE = "Delete"


class Group(Model):
    """The consumer group."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    start_from: StartFrom = StartFrom.EARLIEST
    on_lost: OnLost = OnLost.RESUME
    on_delete: OnDelete = OnDelete.RETAIN


class ScaleTargetRef(Model):
    """What runs the consumers."""

    api_version: _Name = "apps/v1"
    kind: Annotated[str, Field(min_length=1, max_length=63)] = "Deployment"
    name: _Name


class Mode(StrEnum):
    """How much the operator does."""

    AUTOMATIC = "Automatic"
    RECOMMEND = "Recommend"
    PAUSED = "Paused"


class Target(Model):
    """The service level."""

    drain_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    backlog_per_replica: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.drain_seconds is None) == (self.backlog_per_replica is None):
            raise ValueError("give exactly one of drainSeconds and backlogPerReplica")
        return self


class ScaleUp(Model):
    """Limits of increases."""

    max_replicas_per_step: Annotated[int, Field(ge=0, le=10_000)] = 0


class ScaleDown(Model):
    """Limits of reductions."""

    stabilization_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    idle_seconds: Annotated[int, Field(ge=0, le=86_400)] = 10
    drain_wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 30


class Scaling(Model):
    """How many replicas."""

    mode: Mode = Mode.AUTOMATIC
    min_replicas: Annotated[int, Field(ge=0, le=10_000)] = 0
    max_replicas: Annotated[int, Field(ge=1, le=10_000)] = 10
    target: Target = Target(drain_seconds=10)
    initial_capacity_per_replica: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    scale_up: ScaleUp = ScaleUp()
    scale_down: ScaleDown = ScaleDown()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError("minReplicas must not be greater than maxReplicas")
        return self


class TrimPolicy(StrEnum):
    """What goes of what nobody needs."""

    ACKNOWLEDGED = "Acknowledged"
    LENGTH = "Length"
    AGE = "Age"


class Trim(Model):
    """What to remove from the stream."""

    policy: TrimPolicy = TrimPolicy.ACKNOWLEDGED
    max_length: _Length | None = None
    max_age_seconds: Annotated[int, Field(ge=1, le=315_360_000)] | None = None
    hard_max_length: _Length = 0
    stale_group_seconds: Annotated[int, Field(ge=0, le=315_360_000)] = 0

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.policy is TrimPolicy.LENGTH and self.max_length is None:
            raise ValueError("policy Length needs maxLength")
        if self.policy is TrimPolicy.AGE and self.max_age_seconds is None:
            raise ValueError("policy Age needs maxAgeSeconds")
        if self.hard_max_length and self.max_length is not None and self.max_length > self.hard_max_length:
            raise ValueError("hardMaxLength must not be smaller than maxLength")
        return self


class DeadLetter(Model):
    """Where dead letters are and how many are kept."""

    stream: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    max_length: _Length = 10_000


class Consumers(Model):
    """What happens to what pods leave behind."""

    reap_after_seconds: Annotated[int, Field(ge=0, le=86_400)] = 120


class StreamConsumerSpec(Model):
    """Which group on which stream is looked after, and how."""

    redis: Redis
    stream: Annotated[str, Field(min_length=1, max_length=512)]
    group: Group
    scale_target_ref: ScaleTargetRef
    scaling: Scaling = Scaling()
    trim: Trim | None = None
    dead_letter: DeadLetter = DeadLetter()
    consumers: Consumers = Consumers()
