-- What happened to one recipient's mail, of all campaigns? The latest first.
-- $recipient integer  handle of the recipient
-- $limit integer      rows
-- columns as in the table; reaction: opened, clicked or null, as in the view; grade human, possible or machine
select
    id, type, happened_at, campaign, delivery, template, link, note, reaction, country, client, device, network,
    {grade:grade} as grade
from events
where recipient = $recipient
order by happened_at desc, id desc
limit $limit
