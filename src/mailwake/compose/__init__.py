"""HTML in, tracked HTML out: links, pixel, headers; templates compiled once and rendered per recipient.

`message` takes a whole message, `template` an HTML template; both edit by source offset and never serialise a parsed
tree. How bytes are found and replaced is the business of `markup`; here is what is put in, where, and why not.
"""
