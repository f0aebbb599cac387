"""Links after delivery: whether their targets still answer, an alarm where one stops, and the switch that mends it.

What is visited and what never is: `targets`. When a failure is an alarm: `alarms`. Who decides where readers go, and
how that reaches the edge: `switches` and `keeper`. See docs/explain/links.md.
"""
