-- Takes copies whose opens or clicks were cut off out of the base of those rates: nobody can say any more whether they
-- were opened or clicked. The byte of modes has opens above clicks, four bits each. News of the cut are forgotten.
-- DuckDB only.
update unjudged set
    modes = case when happened_at between c.opens_from and c.opens_until then 0 else modes - modes % 16 end
        + case when happened_at between c.clicks_from and c.clicks_until then 0 else modes % 16 end
from new_cuts as c
where unjudged.recipient = c.recipient and unjudged.type = 'sent';

update judged set
    modes = case when happened_at between c.opens_from and c.opens_until then 0 else modes - modes % 16 end
        + case when happened_at between c.clicks_from and c.clicks_until then 0 else modes % 16 end
from new_cuts as c
where judged.recipient = c.recipient and judged.type = 'sent';

update provisional set
    modes = case when happened_at between c.opens_from and c.opens_until then 0 else modes - modes % 16 end
        + case when happened_at between c.clicks_from and c.clicks_until then 0 else modes % 16 end
from new_cuts as c
where provisional.recipient = c.recipient and provisional.type = 'sent';

delete from news
where type in ('opened', 'clicked') and event in (select id from cut_off)
    and number < (select max(number) from news);

update news set type = 'unknown', recipient = null, delivery = null
where type in ('opened', 'clicked') and event in (select id from cut_off);
