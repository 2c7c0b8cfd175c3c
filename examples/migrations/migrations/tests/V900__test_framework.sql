-- Far above the numbers of the schema, so that the two never meet.
create schema tests;
create extension pgtap schema tests;
