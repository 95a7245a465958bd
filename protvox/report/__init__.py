"""Output of predictions: tables, files, figures, viewer scripts and pages."""
