"""Links whose readers are sent elsewhere than the mail says: the one exception to the sealed target, and its file.

Somebody decided each of them, and signed it: whoever can write the file, or the table behind it, still sends nobody
anywhere. What cannot be believed changes nothing: the sealed target goes on.
"""
