-- Part: 1 for a copy that was delivered and not taken back, else 0. A bounce up to a minute older than the delivery takes it
-- back too: a notice may overtake our own note of the delivery, tells its time in whole seconds (RFC 5322 section 3.3), and
-- comes from another server's clock.
case
    when delivered_at is null then 0
    when bounced_at >= delivered_at - 60000000 then 0
    else 1
end
