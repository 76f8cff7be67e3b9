"""The page of app.py: what it says, how it answers and what it refuses. Gradio lays it out."""
