-- In which countries were a campaign's mails opened and clicked? Most people first.
-- $campaign integer          id of the campaign
-- country                     null where it is not known
-- type                       opened or clicked
-- human, possible, machine   deliveries, each once, where its deciding event came from
{part:_by:country}
