"""What is read of the host: its facts once (``facts``), and with each trial what the probes of ``observed`` read.

Each a source (a file, a program) plus a pure ``parse``. What they mean is others' business; what the server says of
itself is asked elsewhere. No serial number, address or host name is read. What reads takes the root of its files, ``/``
by default, so that recorded files test it.
"""
