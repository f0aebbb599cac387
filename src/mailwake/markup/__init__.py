"""Mail and HTML as bytes: where things are, and how to change them without touching the rest.

No parser here gives a tree to write back. `mime` tells where parts are, `transfer` undoes their encodings and splices
into them, `charset` shows bytes as markup with known places, `scan` finds tags as a browser does, `layout` joins fixed
bytes with places that are filled per recipient. What is put in, and why, is the business of `compose`.
"""
