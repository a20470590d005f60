"""Was everything done that was promised, once, and is everything shown that was done?

A program of its own: `python -m tests.checker --run RUN_JSON`. It imports nothing of the platform: what it says about
the log, the stores and the providers comes from its own reading of them.
"""
