# stage_transitions.py
# Manage model stage transitions in MLflow
from mlflow.tracking import MlflowClient
import mlflow

client = MlflowClient()

model_name = "iris-classifier"
version = 1  # The version number to transition

# Transition a model version to Staging for testing
# archive_existing_versions=True automatically archives any existing Staging versions
client.transition_model_version_stage(
    name=model_name,
    version=version,
    stage="Staging",
    archive_existing_versions=True  # Clean up old staging versions
)
print(f"Model {model_name} v{version} transitioned to Staging")

# After validation, promote to Production
# This is typically done after automated or manual testing passes
client.transition_model_version_stage(
    name=model_name,
    version=version,
    stage="Production",
    archive_existing_versions=True  # Archive previous production version
)
print(f"Model {model_name} v{version} transitioned to Production")

# Add description to document the production version
client.update_model_version(
    name=model_name,
    version=version,
    description="Production model deployed after validation. Accuracy: 96.7%"
)

# Add tags for additional metadata
client.set_model_version_tag(
    name=model_name,
    version=version,
    key="validation_status",
    value="passed"
)
