-- How many copies of one campaign did a person come back to, and how? A row per campaign; of a copy that a person most likely
-- opened or clicked.
-- $campaign integer  id of the campaign
-- campaign            id
-- copies              that a person reacted to
-- several_days        of these on two days (UTC) or more
-- returned            of these again fourteen days or more after the first time
-- several_devices     of these with two programs or devices or more, where no proxy hides them
-- passed_on           of these with three of them, or with two and from two countries: perhaps read by somebody else
with scope as (select * from events where campaign = $campaign),
{part:_each_repeat}
