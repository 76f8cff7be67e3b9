"""The page of app.py --drawings: one symbol marked on a drawing, all others shown."""
