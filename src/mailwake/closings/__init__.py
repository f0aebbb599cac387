"""Records of an org that stand for a goal, such as a deal that was won, told as conversions."""
