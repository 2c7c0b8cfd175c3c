create table change (suite text not null, changes int not null);
insert into change values ('nobody', 0);
