"""What an embedding sees: maps, classes, pairs, clusters, copies and outliers in one report."""
