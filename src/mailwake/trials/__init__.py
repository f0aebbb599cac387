"""The mathematics of experiments: how many units, when to look, whether the split holds, which share is highest."""
