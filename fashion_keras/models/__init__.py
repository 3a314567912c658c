"""Networks: the report's two as Keras models, with their initialisers and losses."""
