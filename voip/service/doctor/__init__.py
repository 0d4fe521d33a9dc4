"""`voip doctor`: says what works, and for what does not, why and what to do."""
