"""How a page of mail looks to a reader: pictures, text and what cannot be seen; changes nothing."""
