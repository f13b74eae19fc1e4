"""The floor: the smallest correct Flask + SQLAlchemy server for each thing the product does.

It does neither more nor less than the one statement of the rule needs, so that a figure of the product
divided by the floor's says what everything else costs. Served exactly as the product is: 2 workers of
8 threads, the same engine, FULL durability.
"""
