-- Lays the kept verdicts ready in `replayed`, to be put back. DuckDB only.
delete from replayed;

insert into replayed select * from former;

delete from former;
