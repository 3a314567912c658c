"""The subcommands of `fashion-keras`, a module each: `add_to` declares the options, and a function does the work.

The functions import what they need when they are called, so that `--help` stays quick.
"""
