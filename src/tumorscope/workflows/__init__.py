"""One verb per file: the only place where reading and writing meet the stages."""
