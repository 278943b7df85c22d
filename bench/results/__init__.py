"""Pulled results: read, checked to belong together, and the noise floors kept beside them."""
