# model_signature.py
# Create models with explicit signatures and input examples
import mlflow
import mlflow.sklearn
from mlflow.models.signature import infer_signature, ModelSignature
from mlflow.types.schema import Schema, ColSpec
import pandas as pd
import numpy as np
from sklearn.ensemble import GradientBoostingRegressor

# Sample training data
X_train = pd.DataFrame({
    "feature_1": [1.0, 2.0, 3.0, 4.0, 5.0],
    "feature_2": [10.0, 20.0, 30.0, 40.0, 50.0],
    "feature_3": ["a", "b", "a", "b", "a"]  # Categorical feature
})
y_train = np.array([100, 200, 300, 400, 500])

# For this example, we'll use only numeric features
X_numeric = X_train[["feature_1", "feature_2"]]

# Train a simple model
model = GradientBoostingRegressor(n_estimators=50)
model.fit(X_numeric, y_train)
predictions = model.predict(X_numeric)

# Method 1: Infer signature automatically from data
# This analyzes the data types and shapes
signature = infer_signature(X_numeric, predictions)
print(f"Inferred signature:\n{signature}")

# Method 2: Define signature explicitly for precise control
explicit_signature = ModelSignature(
    inputs=Schema([
        ColSpec("double", "feature_1"),  # Column name and type
        ColSpec("double", "feature_2")
    ]),
    outputs=Schema([
        ColSpec("double")  # Output type
    ])
)

# Log model with signature and input example
with mlflow.start_run():
    mlflow.sklearn.log_model(
        model,
        artifact_path="model",
        signature=signature,  # Schema for validation
        input_example=X_numeric.head(2),  # Sample input for testing
        registered_model_name="price-predictor"
    )
