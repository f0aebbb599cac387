-- Part: units of which anything happened before $before; with a copy everything goes that happened to it.
select unit from events where unit is not null group by unit having min(happened_at) < $before
