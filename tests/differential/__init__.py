"""One scenario against the real `mlflow server` and against Fettle; the answers are compared field by field."""
