create function tests.startup_customers() returns setof text language plpgsql as $$
begin
  insert into public.customers (email) values ('ada@example.org'), ('grace@example.org');
end
$$;

create function tests.test_an_order_without_lines_is_refused() returns setof text language plpgsql as $$
begin
  return next tests.throws_ok($q$ select public.place_order('ada@example.org', '[]') $q$, 'an order needs at least one line');
end
$$;

create function tests.test_the_total_is_the_sum_of_the_lines() returns setof text language plpgsql as $$
declare
  made integer := public.place_order('ada@example.org', '[{"sku": "mug", "quantity": 2, "cents": 250}, {"sku": "pen", "quantity": 1, "cents": 99}]');
begin
  return next tests.is(public.order_total(made), 599::bigint, 'two mugs and a pen');
end
$$;

create function tests.test_an_order_that_is_half_wrong_leaves_nothing() returns setof text language plpgsql as $$
begin
  return next tests.throws_ok($q$ select public.place_order('grace@example.org', '[{"sku": "mug", "quantity": 2, "cents": 250}, {"sku": "pen", "quantity": 0, "cents": 99}]') $q$, '23514');
  return next tests.is_empty('select 1 from public.order_lines', 'no line of it is there');
end
$$;

create function tests.test_an_unknown_buyer_becomes_a_customer() returns setof text language plpgsql as $$
begin
  perform public.place_order('joan@example.org', '[{"sku": "mug", "quantity": 1, "cents": 250}]');
  return next tests.results_eq('select email from public.customers order by id desc limit 1', array['joan@example.org']);
end
$$;
