"""What a policy may call: the calls and their specifications, the tools over a folder, tools of others."""
