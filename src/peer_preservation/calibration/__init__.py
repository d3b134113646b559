"""What the report's figures keep, nominal against actual: planted situations through the report.

A simulated study is a model in one table of trials, so that the report's own functions read
thousands of them at once. `lines` says what a line of the calibration is and how it is counted,
`planting` makes trials, the other modules declare what is planted and which figures are held to it.
"""
