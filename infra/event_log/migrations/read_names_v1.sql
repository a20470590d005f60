-- By which names are the tables of schema read asked? Made anew in the step that changes a live generation.
-- {table} is a view's own table in the generation that is meant, {name: views} a relation of several views' generations.
-- A statement that makes such a relation is run for all generations that are kept, every other one for the live ones.
create or replace view read.{products_listed_v1: products_v1 stock_levels_v1} as
    select p.*, coalesce((select sum(s.available) from read.{stock_levels_v1} s where s.product_id = p.id), 0)::bigint
        as available
    from read.{products_v1} p;

create or replace view read.products as
    select * from read.{products_listed_v1: products_v1 stock_levels_v1} where document <> 'null'::jsonb;
create or replace view read.stock_levels as select * from read.{stock_levels_v1} where document <> 'null'::jsonb;
create or replace view read.orders as select * from read.{orders_v1} where document <> 'null'::jsonb;
create or replace view read.order_items as select * from read.{order_items_v1: orders_v1};
create or replace view read.carts as select * from read.{carts_v1} where document <> 'null'::jsonb;
create or replace view read.cart_items as select * from read.{cart_items_v1: carts_v1};
create or replace view read.payments as select * from read.{payments_v1} where document <> 'null'::jsonb;
