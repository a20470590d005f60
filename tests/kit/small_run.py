"""The runner of `telocompro up` with the real stores and small programs in place of ours.

`python -m tests.kit.small_run DATA PORT_BASE [--deaf]`
"""

import sys
from pathlib import Path

from infra.settings import Ports
from tools.cli import fail_in_words
from tools.programs import Program
from tools.screen import Screen
from tools.up import Plan, run


def main() -> int:
    data, base = Path(sys.argv[1]), int(sys.argv[2])
    ports = Ports(base=base)
    deaf = ["--deaf"] if "--deaf" in sys.argv else []
    module = "tests.kit.small_main"
    mains = [Program("one", module, ("one", str(ports.rest), *deaf)), Program("two", module, ("two", str(ports.ws)))]
    return run(Plan(data, ports, [], mains, before=[], after=[]), Screen())


if __name__ == "__main__":
    with fail_in_words():
        sys.exit(main())
