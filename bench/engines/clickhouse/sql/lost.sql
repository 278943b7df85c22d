SELECT count() FROM {schema}.events WHERE device_id >= {first} AND device_id < {end}
