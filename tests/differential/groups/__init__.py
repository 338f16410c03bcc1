"""One module per group of endpoints; `build` adds its cases."""
