"""What a trial needs of a database, and the databases that give it."""
