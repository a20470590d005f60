-- Schema read: projections in SQL, droppable. Tables carry their view's version; a later generation's are made like
-- them, plain names are views of the live ones (read_names_v1.sql).
-- Every statement may run again: a dropped schema is made anew by whoever needs it.
create schema if not exists read;

create table if not exists read.checkpoints (
    target text primary key,
    position bigint not null,
    fence bigint not null
) with (fillfactor = 50);

create table if not exists read.parked (
    target text not null,
    key text not null,
    position bigint not null,
    error text not null,
    primary key (target, key)
);

create table if not exists read.products_v1 (
    id text primary key,
    slug text,
    title text,
    searched text,
    category text,
    price_minor bigint,
    currency text,
    status text,
    created_at timestamptz,
    document jsonb not null,
    position bigint not null,
    stale boolean
);
create index if not exists idx_products_category on read.products_v1 (category, id);
create index if not exists idx_products_price on read.products_v1 (price_minor, id);
create index if not exists idx_products_slug on read.products_v1 (slug);
create index if not exists idx_products_created on read.products_v1 (status, created_at desc, id);

create table if not exists read.stock_levels_v1 (
    id text primary key,
    product_id text,
    on_hand int,
    available int,
    document jsonb not null,
    position bigint not null,
    stale boolean
) with (fillfactor = 70);
create index if not exists idx_stock_levels_product on read.stock_levels_v1 (product_id);

create table if not exists read.orders_v1 (
    id text primary key,
    number text,
    customer_id text,
    status text,
    placed_at timestamptz,
    total_minor bigint,
    currency text,
    origin text,
    document jsonb not null,
    position bigint not null,
    stale boolean
) with (fillfactor = 80);
create index if not exists idx_orders_user on read.orders_v1 (customer_id, placed_at desc, id desc);
create index if not exists idx_orders_status on read.orders_v1 (status, placed_at desc, id desc);

create table if not exists read.order_items_v1 (
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

create table if not exists read.carts_v1 (
    id text primary key,
    customer_id text,
    status text,
    document jsonb not null,
    position bigint not null,
    stale boolean
) with (fillfactor = 80);
create index if not exists idx_carts_user on read.carts_v1 (customer_id);

create table if not exists read.cart_items_v1 (
    cart_id text not null,
    line text not null,
    variant_id text,
    quantity int,
    unit_price_minor bigint,
    primary key (cart_id, line)
);

create table if not exists read.payments_v1 (
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
    position bigint not null,
    stale boolean
);
create index if not exists idx_payments_order on read.payments_v1 (order_id);
