"""Schema read: projections in SQL, droppable. Tables carry their view's version; plain names are views of them."""

from alembic import op

revision = "0004_read"
down_revision = "0003_identity"
branch_labels = None
depends_on = None

_TABLES = """
create schema read;

create table read.checkpoints (
    target text primary key,
    position bigint not null,
    fence bigint not null
);

create table read.parked (
    target text not null,
    key text not null,
    position bigint not null,
    error text not null,
    primary key (target, key)
);

create table read.products_v1 (
    id text primary key,
    slug text,
    title text,
    category text,
    price_minor bigint,
    currency text,
    available int,
    document jsonb not null,
    position bigint not null
);
create index idx_products_category on read.products_v1 (category, id);
create index idx_products_price on read.products_v1 (price_minor, id);

create table read.orders_v1 (
    id text primary key,
    number text,
    customer_id text,
    status text,
    placed_at timestamptz,
    total_minor bigint,
    currency text,
    origin text,
    document jsonb not null,
    position bigint not null
);
create index idx_orders_user on read.orders_v1 (customer_id, placed_at desc, id);
create index idx_orders_status on read.orders_v1 (status, placed_at desc, id);

create table read.order_items_v1 (
    order_id text not null,
    line text not null,
    product_id text,
    variant_id text,
    quantity int,
    unit_price_minor bigint,
    discount_minor bigint,
    tax_minor bigint,
    freight_minor bigint,
    total_minor bigint,
    primary key (order_id, line)
);

create table read.carts_v1 (
    id text primary key,
    customer_id text,
    status text,
    document jsonb not null,
    position bigint not null
);

create table read.cart_items_v1 (
    cart_id text not null,
    line text not null,
    variant_id text,
    quantity int,
    unit_price_minor bigint,
    primary key (cart_id, line)
);

create table read.payments_v1 (
    id text primary key,
    order_id text,
    type text,
    state text,
    authorised_minor bigint,
    captured_minor bigint,
    refunded_minor bigint,
    currency text,
    instalments int,
    origin text,
    document jsonb not null,
    position bigint not null
);
create index idx_payments_order on read.payments_v1 (order_id);
"""

_PLAIN = ("products", "orders", "order_items", "carts", "cart_items", "payments")


def upgrade() -> None:
    op.execute(_TABLES)
    for name in _PLAIN:
        op.execute(f"create view read.{name} as select * from read.{name}_v1")  # noqa: S608 our own names


def downgrade() -> None:
    op.execute("drop schema read cascade")
