"""What survives a crash: the journal of live calls, unconfirmed sends and unposted recordings."""
