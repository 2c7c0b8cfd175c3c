create table version (number int not null);
insert into version values (2);
