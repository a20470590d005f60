"""`telocompro migrate`: are the schemas those of this release? Afterwards they are."""

import json
import time
from typing import Annotated

import typer

from tools import running


def command(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Bring the log, the work, identity, read and keys schemas to this release."""
    begun = time.monotonic()
    with running.stores(migrated=False) as settings:
        running.migrate(settings)
    seconds = round(time.monotonic() - begun, 2)
    print(json.dumps({"migrated": True, "seconds": seconds}) if as_json else f"migrated in {seconds} s")
