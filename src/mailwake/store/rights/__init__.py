"""Subject rights in the database: who was erased, what is known of one person, errands for the event store's owner.

`ledger.open_rights` gives the store. Nothing is imported here, because the state store itself asks `returning` whether
a new address was erased before.
"""
