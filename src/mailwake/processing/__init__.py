"""What is done with what is known of people, by the settings in force: the start of a record of processing.

`record.record_of` puts together which activities are in force (`activities.toml`), what each keeps and for how long, to
whom it is given, and which signs call for an impact assessment. It says what the program does; who is responsible, on
which legal basis and where the servers stand are for people to write in.
"""
