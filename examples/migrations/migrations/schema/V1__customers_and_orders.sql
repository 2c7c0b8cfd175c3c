create table customers (
  id    integer generated always as identity primary key,
  email text not null unique check (position('@' in email) > 1)
);

create table orders (
  id          integer generated always as identity primary key,
  customer_id integer not null references customers,
  placed_on   date    not null default current_date
);

create table order_lines (
  order_id integer not null references orders on delete cascade,
  sku      text    not null,
  quantity integer not null check (quantity > 0),
  cents    integer not null check (cents >= 0),
  primary key (order_id, sku)
);
