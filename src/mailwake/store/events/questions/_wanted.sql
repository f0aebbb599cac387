-- Part: 1 for a delivery that the filter $only lets through, else 0; over `outcomes` as o. The words are the columns of
-- campaign_counts.
case $only
    when '' then 1
    when 'sent' then o.was_sent
    when 'delivered' then o.was_delivered
    when 'bounced' then case when o.bounced_at is not null and o.was_delivered = 0 then 1 else 0 end
    when 'deferred' then o.was_deferred
    when 'rejected' then o.was_rejected
    when 'failed' then o.was_failed
    when 'complained' then o.was_complained
    when 'unsubscribed' then o.was_unsubscribed
    when 'replied' then o.was_replied
    when 'unresolved' then o.is_unresolved
    when 'opened' then case when o.opened_grade is not null then 1 else 0 end
    when 'clicked' then case when o.clicked_grade is not null then 1 else 0 end
    when 'opened_raw' then case when o.opened_grade is not null then 1 else 0 end
    when 'clicked_raw' then case when o.clicked_grade is not null then 1 else 0 end
    when 'opened_' || {grade:o.opened_grade} then 1
    when 'clicked_' || {grade:o.clicked_grade} then 1
    else 0
end
