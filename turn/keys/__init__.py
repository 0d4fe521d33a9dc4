"""The keys that conference hosts ask with: how they look, where they are kept, who has one."""
