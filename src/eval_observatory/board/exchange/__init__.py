"""The board's figures in other people's forms, and theirs as reported rows of ours."""
