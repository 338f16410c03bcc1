# Using curl for quick testing
curl -X POST http://localhost:5001/invocations \
    -H "Content-Type: application/json" \
    -d '{"dataframe_split": {"columns": ["sepal_length", "sepal_width", "petal_length", "petal_width"], "data": [[5.1, 3.5, 1.4, 0.2]]}}'
