"""The controller of StreamConsumer resources: observe, decide, act, report."""

__all__: list[str] = []
