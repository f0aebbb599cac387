-- Which reasons stand with what `loosen` chose, former ones too? DuckDB only.
select distinct reasons from loosened where reasons <> ''
union
select reasons from former where reasons <> '' and id in (select id from loosened);
