"""How commits follow each other, one file a load model."""
