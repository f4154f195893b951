"""Typed events: pydantic models with a type name and a version."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from typing_extensions import override

from .errors import ConfigurationError

__all__ = ["Event"]


class Event(BaseModel):
    """Base of every event: a frozen model, camelCase on the wire, snake_case in Python.

    Fields that a newer producer added are ignored, so additive changes keep the version; anything else gets a new
    version, declared as a class of its own with the same type.

    Args:
        type: The type name on the wire, such as `ORDER_CREATED`.
        version: The schema's version, 1 or more.

    Example:
        >>> class OrderCreated(Event, type="ORDER_CREATED", version=1):
        ...     order_id: str
        >>> OrderCreated(order_id="7").encode()
        b'{"orderId":"7"}'
    """

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    event_type: ClassVar[str] = ""
    event_version: ClassVar[int] = 1

    @override
    def __init_subclass__(cls, *, type: str = "", version: int = 1, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type and not (type.isprintable() and type == type.strip() and len(type) <= 200):
            raise ConfigurationError(f"{cls.__name__}: type={type!r} must be printable text of at most 200 characters")
        if version < 1:
            raise ConfigurationError(f"{cls.__name__}: version={version!r} must be 1 or more")
        if type:
            cls.event_type = type
            cls.event_version = version

    def encode(self) -> bytes:
        """Return the payload: compact JSON with the wire's names."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True)

    @classmethod
    def decode(cls, payload: bytes | str) -> Self:
        """Return the event that a payload holds.

        Raises:
            pydantic.ValidationError: The payload is no valid JSON or does not fit the model.
        """
        event: Self = cls.__pydantic_validator__.validate_json(payload)
        return event
