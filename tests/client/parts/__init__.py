"""The parts of the client scenario, one file per noun."""
