-- Chooses what is cut off a person: their opens and clicks between the times in `new_cuts`, in both tables. DuckDB only.
delete from cut_off;

insert into cut_off
select e.id, e.delivery
from (select * from settled union all select * from provisional) as e
join new_cuts as c on c.recipient = e.recipient
where ((e.type = 'opened' or (e.type = 'unknown' and e.note = 'end_pixel'))
        and e.happened_at between c.opens_from and c.opens_until)
    or ((e.type in ('clicked', 'converted') or e.note in ('link_refused', 'decoy'))
        and e.happened_at between c.clicks_from and c.clicks_until)
    or (e.note in ('unsubscribe_viewed', 'unsubscribe_doubted', 'preferences_viewed') and e.type = 'unknown'
        and e.happened_at between least(c.opens_from, c.clicks_from) and greatest(c.opens_until, c.clicks_until));
