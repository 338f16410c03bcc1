# predict_rest.py
# Make predictions against the MLflow model server
import requests
import json

# Define the model server endpoint
MODEL_SERVER_URL = "http://localhost:5001/invocations"

# Method 1: Split-orient format (column names and values separate)
# Useful when sending multiple records efficiently
payload_split = {
    "dataframe_split": {
        "columns": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
        "data": [
            [5.1, 3.5, 1.4, 0.2],  # First sample
            [6.2, 2.9, 4.3, 1.3]   # Second sample
        ]
    }
}

# Method 2: Records-orient format (list of dictionaries)
# More readable but slightly larger payload
payload_records = {
    "dataframe_records": [
        {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2},
        {"sepal_length": 6.2, "sepal_width": 2.9, "petal_length": 4.3, "petal_width": 1.3}
    ]
}

# Make the prediction request
headers = {"Content-Type": "application/json"}
response = requests.post(
    MODEL_SERVER_URL,
    headers=headers,
    data=json.dumps(payload_split)
)

# Handle the response
if response.status_code == 200:
    predictions = response.json()
    print(f"Predictions: {predictions}")
else:
    print(f"Error: {response.status_code}")
    print(f"Message: {response.text}")
