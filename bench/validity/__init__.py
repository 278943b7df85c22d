"""Whether a trial's result may be trusted. Pure: figures in, reasons out."""
