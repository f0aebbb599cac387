\set c random(1, 50)
\set s random(1, 100000)
\set l random(1, 30)
insert into click (campaign, subscriber, link)
values (
    (select id from campaign where token = md5('c' || :c)::uuid),
    (select id from subscriber where token = md5('s' || :s)::uuid),
    (select id from link where token = md5('l' || :l)::uuid)
)
returning (select target from link where token = md5('l' || :l)::uuid);
