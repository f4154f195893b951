"""`python -m shop_notifications`: run the service until SIGTERM or Ctrl-C."""

from sluiceway import run

from .app import create_app
from .settings import Settings


def main() -> None:
    """Read the settings and serve."""
    settings = Settings.load()
    run(lambda: create_app(settings), host=settings.host, port=settings.port)


if __name__ == "__main__":
    main()
