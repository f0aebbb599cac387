"""JSON API and dashboard, for colleagues only.

Pages are complete without scripts; htmx swaps parts of them and uPlot adds a cursor to the time series. Nothing here
changes state, computes a number or asks a store: `insight` answers, `views` makes text of it, templates show it.
"""
