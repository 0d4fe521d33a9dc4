"""How often and how much one asker may ask: a rate and a quota, in memory or across replicas."""
