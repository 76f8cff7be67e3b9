"""Models of other people as encoders: TensorFlow Lite, SavedModel and Keras files."""
