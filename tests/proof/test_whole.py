"""Does a platform on which nothing went wrong pass every check, with something looked at by each of them?"""

import json
import subprocess
import sys

import pytest

from tests.checker.checking import check
from tests.kit.platform import ROOT
from tests.proof.sold import Sold

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

NOT_HERE = ("documents mongo product_reviews", "copies of a passed epoch")  # nobody made any


def test_a_whole_platform_passes_and_every_kind_of_row_was_looked_at(sold: Sold) -> None:
    findings = check(sold.places, sold.histories())

    assert [str(violation) for violation in findings.violations] == []
    assert [kind for kind, rows in findings.looked.items() if rows == 0 and kind not in NOT_HERE] == []
    assert findings.looked["orders against the ledger"] == len(sold.orders)
    assert findings.looked["reads held against the log"] >= 3 * len(sold.orders)
    assert findings.looked["history records"] == len(sold.records)


def test_the_program_prints_what_it_looked_at_and_ends_with_0(sold: Sold) -> None:
    line = ["-m", "tests.checker", "--run", str(sold.run), "--history", str(sold.history), "--json"]

    done = subprocess.run([sys.executable, *line], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["violations"] == 0
    assert told["rows"]["events"] > 100


def test_a_run_that_is_not_there_is_no_success(sold: Sold) -> None:
    line = ["-m", "tests.checker", "--run", str(sold.run.with_name("no.json"))]

    done = subprocess.run([sys.executable, *line], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert "could not look" in done.stderr
