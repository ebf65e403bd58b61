"""Which tokens may come next, which must, and which are likely: JSON Schema as a constraint on a model's answer.

Knows no model and no page image; never imports torch. Everything here is a pure state machine over token ids and bytes.
"""
