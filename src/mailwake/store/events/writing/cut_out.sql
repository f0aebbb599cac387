-- Removes what `cutting` chose. DuckDB only.
delete from unjudged where id in (select id from cut_off);

delete from judged where id in (select id from cut_off);

delete from provisional where id in (select id from cut_off);

delete from verdict_changes where event in (select id from cut_off);

delete from open_changes where event in (select id from cut_off);

delete from former where id in (select id from cut_off);
