# query_registry.py
# Query the Model Registry for model information
from mlflow.tracking import MlflowClient

# Initialize the MLflow client for API interactions
client = MlflowClient()

# List all registered models in the registry
registered_models = client.search_registered_models()
for model in registered_models:
    print(f"Model: {model.name}")
    print(f"  Latest versions: {[v.version for v in model.latest_versions]}")

# Get detailed information about a specific model
model_name = "iris-classifier"
model_details = client.get_registered_model(model_name)
print(f"\nModel: {model_details.name}")
print(f"Description: {model_details.description}")
print(f"Tags: {model_details.tags}")

# List all versions of a specific model with their metadata
versions = client.search_model_versions(f"name='{model_name}'")
for version in versions:
    print(f"\nVersion {version.version}:")
    print(f"  Stage: {version.current_stage}")  # None, Staging, Production, Archived
    print(f"  Run ID: {version.run_id}")  # Link to training run
    print(f"  Source: {version.source}")  # Path to model artifacts
