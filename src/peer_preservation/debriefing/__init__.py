"""The debrief: what an agent says of its own acts when it is asked, held against the state.

Pure: nothing in this room asks a model. `runtime/debrief.py` does.
"""
