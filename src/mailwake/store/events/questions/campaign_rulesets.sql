-- Which rules were the verdicts of one campaign made with? Most verdicts first.
-- $campaign integer  id of the campaign
-- campaign           id
-- ruleset            name and content hash
-- verdicts           judged events
select campaign, ruleset, count(*) as verdicts
from events
where klass is not null and ruleset <> '' and campaign = $campaign
group by campaign, ruleset
order by verdicts desc, ruleset
