-- Which rules were the verdicts of each campaign made with? Most verdicts first.
-- campaign  id
-- ruleset   name and content hash
-- verdicts  judged events
select campaign, ruleset, count(*) as verdicts
from events
where klass is not null and ruleset <> '' and campaign is not null
group by campaign, ruleset
order by campaign, verdicts desc, ruleset
