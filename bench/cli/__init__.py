"""The front door: arguments and exit codes; what is done is elsewhere."""
