"""How fast does history come in? The key `import`: orders from files through the bus, beside COPY of their rows."""

import csv
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path

import psycopg

from infra.collector import settle
from tools.bench import pgbench
from tools.bench.append import bench
from tools.bench.figures import Figure, Limit
from tools.bench.plan import QUICK, Plan
from tools.bench.processes import MIB, peak_bytes
from tools.import_olist import bring_in

MOST_MIB = 400.0  # of the whole bench by then
ORDERS = 1000  # of one run and second of the plan
_COLUMNS = "stream, version, type, schema, event_id, command_id, recorded_at, effective_at, metadata, payload, digest"
_AT = "2018-01-10 12:00:00"


async def measure(url: str, keys_url: str, plan: Plan = QUICK) -> Sequence[Figure]:
    """The database must be migrated, and nobody else's."""
    pgbench.prepare(url)
    rates, limits, numbers = list[float](), list[float](), count(1)
    async with bench(url, keys_url, 0) as made:
        settle()  # as the import does
        for _ in range(plan.runs):
            before = await made.reader.head()
            with tempfile.TemporaryDirectory(prefix="tlc-bench-") as folder:
                write_files(Path(folder), [next(numbers) for _ in range(ORDERS * plan.seconds)])
                begun = time.perf_counter()
                tally = await bring_in(Path(folder), made.bus, lambda _: None)
                took = time.perf_counter() - begun
            assert not tally.bad, tally.bad[:3]
            rates.append((await made.reader.head() - before) / took)
            limits.append(_copied(url, before))
    beside = {"events": float(_head(url)), "peak_mib": peak_bytes() / MIB}
    return [Figure("import", "/s", rates, Limit(limits), 0.30, beside, {"peak_mib": MOST_MIB})]


def _head(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("select position from log.log_head").fetchone()
    return 0 if found is None else int(found[0])


def write_files(folder: Path, orders: Sequence[int]) -> None:
    """As many orders as numbers, each of a customer, a product and a seller of its own, in the data set's form."""
    named = {number: f"{number:032x}" for number in orders}
    ids = named.values()
    _write(folder, "products", (_product(id_) for id_ in ids))
    _write(folder, "customers", (_customer(id_) for id_ in ids))
    _write(folder, "sellers", (_seller(id_) for id_ in ids))
    _write(folder, "orders", (_order(id_) for id_ in ids))
    _write(folder, "order_items", (_item(id_, line) for id_ in ids for line in (1, 2)))
    _write(folder, "order_payments", (_payment(id_) for id_ in ids))
    _write(folder, "order_reviews", (_review(id_) for id_ in ids))
    words = [{"product_category_name": "cama_mesa_banho", "product_category_name_english": "bed_bath_table"}]
    _rows(folder / "product_category_name_translation.csv", words)


def _write(folder: Path, name: str, rows: Iterable[Mapping[str, str]]) -> None:
    _rows(folder / f"olist_{name}_dataset.csv", rows)


def _rows(file: Path, rows: Iterable[Mapping[str, str]]) -> None:
    every = list(rows)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(every[0]))
        writer.writeheader()
        writer.writerows(every)


def _product(id_: str) -> Mapping[str, str]:
    sizes = dict.fromkeys(("product_length_cm", "product_height_cm", "product_width_cm"), "20")
    words = {"product_name_lenght": "56", "product_description_lenght": "509", "product_photos_qty": "1"}
    return {"product_id": id_, "product_category_name": "cama_mesa_banho", **words, "product_weight_g": "500", **sizes}


def _customer(id_: str) -> Mapping[str, str]:
    place = {"customer_zip_code_prefix": "35182", "customer_city": "timoteo", "customer_state": "MG"}
    return {"customer_id": id_, "customer_unique_id": id_, **place}


def _seller(id_: str) -> Mapping[str, str]:
    return {"seller_id": id_, "seller_zip_code_prefix": "04726", "seller_city": "sao paulo", "seller_state": "SP"}


def _order(id_: str) -> Mapping[str, str]:
    times = ("approved_at", "delivered_carrier_date", "delivered_customer_date", "estimated_delivery_date")
    said = {"order_status": "delivered", "order_purchase_timestamp": _AT}
    return {"order_id": id_, "customer_id": id_, **said, **{f"order_{name}": _AT for name in times}}


def _item(id_: str, line: int) -> Mapping[str, str]:
    said = {"shipping_limit_date": _AT, "price": "144.0", "freight_value": "8.77"}
    return {"order_id": id_, "order_item_id": str(line), "product_id": id_, "seller_id": id_, **said}


def _payment(id_: str) -> Mapping[str, str]:
    said = {"payment_type": "credit_card", "payment_installments": "2", "payment_value": "305.54"}
    return {"order_id": id_, "payment_sequential": "1", **said}


def _review(id_: str) -> Mapping[str, str]:
    words = {"review_comment_title": "", "review_comment_message": "Chegou bem antes do prazo"}
    times = {"review_creation_date": _AT, "review_answer_timestamp": _AT}
    return {"review_id": id_, "order_id": id_, "review_score": "5", **words, **times}


def _copied(url: str, after: int) -> float:
    """Rows a second of one COPY, its bytes ready, commit included."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        wanted = f"select {_COLUMNS} from log.events where position > {after} order by position"  # noqa: S608
        with cursor.copy(f"copy ({wanted}) to stdout (format binary)") as out:
            data = b"".join(bytes(part) for part in out)
        begun = time.perf_counter()
        with cursor.copy(f"copy bench.rows ({_COLUMNS}) from stdin (format binary)") as into:
            into.write(data)
        return cursor.rowcount / (time.perf_counter() - begun)
