"""The setting `hosts`: a scenario's world as real files and hosts, and read back from them.

No model and no score: what is laid out is the World's, and what is read back is a World again.
"""
