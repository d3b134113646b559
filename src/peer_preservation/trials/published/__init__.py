"""The published data set: its files, its rows, its transcripts. Nothing of its content in here."""
