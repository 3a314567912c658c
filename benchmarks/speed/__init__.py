"""The package's training beside that of other libraries, and both beside what the machine can do."""
