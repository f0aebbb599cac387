-- Who did something so often?
-- $kind text          type of the event; of opened and clicked those that count as reactions, as in the view
-- $grade integer      of the event, as in the view; -1: any
-- $per text           what is counted: times, days (UTC) or mails
-- $low integer        this often at least, from 1
-- $high integer       this often at most
-- $since integer      at this time or later, microseconds
-- $until integer      before this time
-- $links text         '*': any; else one of these, template * 65536 + link, between commas
-- $campaigns text     '*': any; else one of these ids, between commas
-- $domains text       of the address, as stored; '*': any; else one of these, with commas before, between and behind
-- $goal text          name of one that was reached; '': any
-- $country text       '': any
-- $client text        in lower case; '': any
-- recipient
select recipient
from (
    -- what is counted is put together first: a set of them for each person would not hold the memory cap; and once is once
    select
        recipient,
        case
            when $per = 'times' or ($per = 'mails' and unit is null) then null
            when $low = 1 and $high > 1000000000000 then 0
            when $per = 'days' then {div:happened_at:86400000000}
            else unit
        end as counted,
        count(*) as times
    from events
    where recipient is not null
        and type = $kind
        and (reaction = $kind or $kind not in ('opened', 'clicked'))
        and (grade = $grade or $grade = -1)
        and happened_at >= $since
        and happened_at < $until
        and ($links = '*' or template * 65536 + link in ({each:$links}))
        and ($campaigns = '*' or campaign in ({each:$campaigns}))
        and ($domains = '*' or position(concat(',', coalesce(domain, ' '), ',') in $domains) > 0)
        and ($goal = '' or substring(reason, 1, length($goal) + 1) = concat($goal, ' '))
        and (country = $country or $country = '')
        and ({lower:client} = $client or $client = '')
    group by recipient, counted
) as parts
group by recipient
having case $per when 'times' then sum(times) else count(counted) end between $low and $high
