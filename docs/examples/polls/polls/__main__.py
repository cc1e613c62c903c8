"""``python -m polls``: serve the poll until Ctrl+C."""

import argparse
import logging
import os
from pathlib import Path

from aiohttp import web
from polls.app import make_app


def default_data() -> Path:
    """Return the folder that the XDG base directory specification gives to this program."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "aiohttp-polls"


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="polls", description="A live poll.")
    parser.add_argument("-H", "--host", default="127.0.0.1")
    parser.add_argument("-P", "--port", type=int, default=8080)
    parser.add_argument(
        "--data", type=Path, default=default_data(), help="folder of the database and the images"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    web.run_app(make_app(options.data), host=options.host, port=options.port, shutdown_timeout=10)


if __name__ == "__main__":
    main()
