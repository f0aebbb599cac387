-- Which presses of the button from one network came right after the page was first shown for that copy?
-- $network integer  keyed hash of the network
-- $since integer    only presses from then on, microseconds
-- $until integer    and up to then, microseconds
-- $within integer   right after is sooner than so many microseconds
-- id                of the press
select press.id as id
from events as press
join events as page on page.delivery = press.delivery
where press.network = $network and press.happened_at >= $since and press.happened_at <= $until
    and press.type = 'unsubscribed' and press.note = 'button'
    and page.note in ('unsubscribe_viewed', 'unsubscribe_doubted', 'preferences_viewed')
group by press.id, press.happened_at
having press.happened_at >= min(page.happened_at) and press.happened_at < min(page.happened_at) + $within
order by id
