"""What pulled records mean. Pure: no files, no printing."""
