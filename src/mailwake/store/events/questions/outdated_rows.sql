-- Which rows are older than rows may be? By type and mode.
-- $before integer    microseconds; a copy is as old as the first thing that happened to it
-- type               of the events
-- modes              both modes in a byte, opens in the high half
-- n                  rows
-- oldest_at          of them, microseconds
select type, modes, count(*) as n, min(happened_at) as oldest_at
from events
where unit in ({part:_outdated})
group by type, modes
order by type, modes
