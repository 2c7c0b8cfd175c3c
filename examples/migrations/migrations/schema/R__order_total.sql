-- Repeatable: applied again whenever this text has changed.
create or replace function order_total(wanted integer) returns bigint
  language sql stable
  return (select coalesce(sum(quantity * cents), 0) from order_lines where order_id = wanted);
