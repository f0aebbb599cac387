"""What one person may ask of us: what is known of them, why and how long; and that it is forgotten, everywhere.

`told.told_of` finds all of it, `erasing.Eraser` lets go of it and says so in a certificate, `forgotten.Forgotten` is
the file beside the data that keeps a restored backup from bringing anybody back. The process that owns the event store
does the work (`office.Office`); commands ask it through the database (`errands.do_here_or_ask`).
"""
