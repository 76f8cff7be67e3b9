"""The work as Keras alone does it, after the SimCLR example of keras.io."""
