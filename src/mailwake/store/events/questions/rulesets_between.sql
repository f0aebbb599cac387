-- Which rules were the verdicts of each of these campaigns made with? Most verdicts first.
-- $first integer  lowest id
-- $last integer   highest id
-- campaign        id
-- ruleset         name and content hash
-- verdicts        judged events
select campaign, ruleset, count(*) as verdicts
from events
where klass is not null and ruleset <> '' and campaign between $first and $last
group by campaign, ruleset
order by campaign, verdicts desc, ruleset
