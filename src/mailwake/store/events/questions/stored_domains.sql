-- Under what is each recipient domain stored? By what it is stored as.
-- domain        itself, or a keyed stand-in
-- one, another  two of its recipients' handles, by which the state store knows the domain; the same where there is one
select domain, min(recipient) as one, max(recipient) as another
from events
where domain is not null and recipient is not null
group by domain
order by domain
