"""The API's description of itself: which route takes and answers what, told by the types of the answers."""
