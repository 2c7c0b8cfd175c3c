select plan(4);
select is((select count(*)::int from line), :rows, 'sees the whole seed');
select is((select sum(changes)::int from change), 0, 'sees nobody else''s changes');
select sum(available)::int as sum from stock \gset before_
update stock set available = available + 1;
insert into change values ('more_stock', 1);
select is((select sum(available)::int from stock), :before_sum + 200, 'stock is higher by what was changed');
select is((select max(suite) from change where changes > 0), 'more_stock', 'sees its own change');
select * from finish();
