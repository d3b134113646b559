"""What the report's figures keep, nominal against actual: planted situations through the report.

A simulated study is a model in one table of trials, so that the report's own functions read
thousands of them at once. `planting` makes trials, `lines` says what a line is and how it is
counted in a table of the report, `playing` plays a situation, `running` all of them; the others
declare what is planted and which figures are held to it, and `declared` lists them.
"""
