select plan(4);
select is((select count(*)::int from line), :rows, 'sees the whole seed');
select is((select sum(changes)::int from change), 0, 'sees nobody else''s changes');
select sum(tax) from line \gset before_
update line set tax = tax - 0.01;
insert into change values ('less_tax', 1);
select is((select sum(tax) from line), :before_sum - :rows * 0.01, 'tax is lower by what was changed');
select is((select max(suite) from change where changes > 0), 'less_tax', 'sees its own change');
select * from finish();
