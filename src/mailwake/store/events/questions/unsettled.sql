-- Which events of one delivery may still be judged again? By id.
-- $campaign integer  id of the campaign, which makes the search short
-- $delivery integer  id of the delivery
-- id                 the event's
select id from provisional where campaign = $campaign and delivery = $delivery order by id
