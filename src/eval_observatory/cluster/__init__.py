"""Work units on a cluster: commands, done by workers of Dask; nothing of theirs passes through it.

A unit is a command that goes on where it stopped and writes into a folder that all machines share.
So a worker that is lost costs what it had not written, and no unit need know of the others.
"""
