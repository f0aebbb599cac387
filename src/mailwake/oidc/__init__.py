"""Log-in by a company's own provider of identities: OpenID Connect, code flow with PKCE.

`flow` leads a browser there and back, `provider` knows where the provider's doors are and its keys, `checking` reads
the ID token, `wire` makes the calls. It ends at an `Identity`; who gets in with it, and as what, others decide.

Source: OpenID Connect Core 1.0, Discovery 1.0; RFC 7636 (PKCE), RFC 9207 (issuer in the answer), RFC 9700 (practice)
"""
