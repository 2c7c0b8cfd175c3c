-- Names that begin with `sp_` are for the server's own procedures in another product, and a habit to leave there.
create function tests.test_no_function_is_called_sp_something() returns setof text language plpgsql as $$
begin
  return next tests.is_empty(
    $q$ select proname from pg_proc where pronamespace = 'public'::regnamespace and proname like 'sp\_%' $q$,
    'no function of ours begins with sp_');
end
$$;

create function tests.test_every_table_has_a_primary_key() returns setof text language plpgsql as $$
declare
  name text;
begin
  for name in select tablename from pg_tables where schemaname = 'public' and tablename <> 'flyway_schema_history' loop
    return next tests.has_pk('public', name::name, name || ' has a primary key');
  end loop;
end
$$;
