# load_by_stage.py
# Load models from the registry by stage name
import mlflow.pyfunc

model_name = "iris-classifier"

# Load the current Production model - always gets the latest Production version
production_model = mlflow.pyfunc.load_model(
    model_uri=f"models:/{model_name}/Production"
)

# Load the current Staging model for testing
staging_model = mlflow.pyfunc.load_model(
    model_uri=f"models:/{model_name}/Staging"
)

# You can also load by specific version number when needed
specific_version = mlflow.pyfunc.load_model(
    model_uri=f"models:/{model_name}/1"  # Version 1
)

# Make predictions with the loaded model
import pandas as pd
sample_data = pd.DataFrame({
    "sepal_length": [5.1],
    "sepal_width": [3.5],
    "petal_length": [1.4],
    "petal_width": [0.2]
})
prediction = production_model.predict(sample_data)
print(f"Prediction: {prediction}")
