"""The bots that ship: each is a page on `voip.bot`, and an example of how to write one."""
