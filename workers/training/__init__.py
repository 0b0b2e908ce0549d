"""How the text model that ships with the workers is made: labels, training, export, evaluation.

Not part of the wheel. Each step is a command: see README.md in this folder.
"""
