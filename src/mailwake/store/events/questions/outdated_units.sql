-- Which copies are older than rows may be?
-- $before integer    microseconds; a copy is as old as the first thing that happened to it
-- unit               the delivery; of an event that names none its id, below zero
{part:_outdated}
order by unit
