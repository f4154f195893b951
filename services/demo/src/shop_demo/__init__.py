"""The shop in one command: start the services, feed orders, break things on request, account for every order.

Run it with ``python -m shop_demo --help``.
"""

__all__: list[str] = []
