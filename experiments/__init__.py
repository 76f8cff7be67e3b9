"""Scripts: flags to plain arguments to one library call each."""
