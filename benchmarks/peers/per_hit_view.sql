\set c random(1, 50)
\set s random(1, 100000)
with found as (select c.id as campaign, s.id as subscriber from campaign c
    left join subscriber s on s.token = md5('s' || :s)::uuid where c.token = md5('c' || :c)::uuid)
insert into view (campaign, subscriber) select campaign, subscriber from found;
