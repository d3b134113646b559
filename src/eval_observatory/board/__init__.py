"""The board: entries that anyone can check, row by row, and the static pages that show them.

An entry is a folder with a manifest (`manifest`), what was measured and how it was played. How
far it was checked is computed (`verifying`), never taken from the entry. `site` makes the pages,
`exchange` the files for other people's programs.
"""
