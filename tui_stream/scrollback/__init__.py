"""Markdown rendered live into the normal scroll-back of a terminal.

It exists for output that stays in the window after the program has ended: what is finished is printed once and never
again, and only the last lines, which are still being written, are ever drawn anew.
"""
