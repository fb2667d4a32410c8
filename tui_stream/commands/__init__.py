"""The subcommands, each importing what it needs when it runs."""
