"""Are the means of the bench what they say: what processes use, and orders in the form of the data set?"""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tools.bench import processes
from tools.bench.importing import write_files
from tools.olist_records import Bad, known, records


def test_a_process_is_counted_with_its_descendants_under_the_nearest_name() -> None:
    line = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    child = subprocess.Popen([sys.executable, "-c", line], stdin=subprocess.PIPE)
    try:
        until = time.monotonic() + 10
        while len(family := processes.families({"tests": os.getpid(), "child": child.pid})) < 3:
            assert time.monotonic() < until
        grandchild = [pid for pid, name in family.items() if name == "child" and pid != child.pid]

        assert family[os.getpid()] == "tests"
        assert family[child.pid] == "child"
        assert len(grandchild) == 1
    finally:
        child.communicate(b"\n")


def test_cpu_time_and_memory_are_told_and_what_has_ended_counts_nothing() -> None:
    me = {os.getpid(): "tests"}
    before = processes.cpu_seconds(me)
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass

    assert processes.since(before, processes.cpu_seconds(me))["tests"] >= 0.05
    assert 0 < processes.pss_bytes(me) <= 4 * processes.peak_bytes()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert processes.pss_bytes([ended.pid]) == 0
    assert processes.cpu_seconds({ended.pid: "ended"}) == {}


def test_the_orders_of_the_import_can_all_be_said(tmp_path: Path) -> None:
    write_files(tmp_path, [1, 2, 3])

    found = list(records(tmp_path, known(tmp_path)))

    assert not [record for record in found if isinstance(record, Bad)]
    by_file = Counter(record.file for record in found)
    assert by_file == {
        **dict.fromkeys(("products", "customers", "orders", "order_payments", "order_reviews"), 3),
        "order_items": 6,
    }
