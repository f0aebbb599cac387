"""Families of evidence, one file each; they add terms and know nothing of each other."""
