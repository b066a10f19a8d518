"""The shell command; loading this loads nothing."""
