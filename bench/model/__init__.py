"""What things are: plan, trial, record, fingerprint; frozen dataclasses and their JSON form. No I/O."""
