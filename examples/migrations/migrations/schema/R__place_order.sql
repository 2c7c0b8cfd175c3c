-- An order with its lines, `[{"sku": "mug", "quantity": 2, "cents": 250}]`: all of it, or nothing.
create or replace function place_order(buyer text, lines jsonb) returns integer
  language plpgsql as $$
declare
  made integer;
begin
  if jsonb_array_length(lines) = 0 then
    raise exception 'an order needs at least one line';
  end if;
  insert into customers (email) values (buyer) on conflict (email) do nothing;
  insert into orders (customer_id) select id from customers where email = buyer returning id into made;
  insert into order_lines (order_id, sku, quantity, cents)
    select made, sku, quantity, cents from jsonb_to_recordset(lines) as line (sku text, quantity integer, cents integer);
  return made;
end
$$;
