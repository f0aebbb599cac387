"""Questions a marketer asks.

The one source of numbers: the dashboard, its API and `mailwake report` show what stands here and compute nothing. The
definitions are in `metrics.toml`; the formulas are in `stats`, the questions to the stores in `store`.
"""
