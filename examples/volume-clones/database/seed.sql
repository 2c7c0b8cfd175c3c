-- What every shard starts from: lines of orders and stock, as many as `rows` says.
create extension pgtap;
create table line (id int primary key, part int not null, cents int not null, tax numeric(4, 2) not null);
create table stock (part int primary key, available int not null);
insert into line select n, n % 200, 100 + n % 900, (n % 9) / 100.0 from generate_series(1, :rows) n;
insert into stock select part, 1000 from generate_series(0, 199) part;
analyze;
