"""Whether a domain lets an address send its mail (RFC 7208), and who asks the DNS."""
