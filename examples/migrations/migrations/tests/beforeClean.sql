-- A callback: runs right before `clean`. What the framework of the tests has brought hangs together in ways that a clean
-- of the schemas does not unravel; the extension takes its own along.
drop extension if exists pgtap cascade;
drop schema if exists tests cascade;
