"""The doctor: says per relay and per step what works, and for what does not, why and what to do."""
