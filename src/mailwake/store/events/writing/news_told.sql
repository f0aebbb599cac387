-- Forgets what everybody was told, but for the last row, from which numbers go on. DuckDB only.
-- $until number
delete from news where number <= $until and number < (select max(number) from news);
