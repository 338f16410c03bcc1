"""Starting the things under test: the server, the scoring server, a database of one's own."""
