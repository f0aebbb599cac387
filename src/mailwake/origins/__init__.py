"""Who stands behind an address and a user agent: the networks of the world and the programs people read mail with.

Pure lookups in data files; what an origin means for a verdict is the judge's matter.
"""
