# Test MLflow connection and model registry
python -c "
import mlflow
from mlflow.tracking import MlflowClient

client = MlflowClient()
models = client.search_registered_models()
print(f'Found {len(models)} registered models')

for model in models:
    print(f'Model: {model.name}')
    for version in model.latest_versions:
        print(f'  Version: {version.version}, Stage: {version.current_stage}')
"

# Verify experiment tracking
python -c "
import mlflow

experiments = mlflow.search_experiments()
print(f'Found {len(experiments)} experiments')

for exp in experiments:
    runs = mlflow.search_runs(experiment_ids=[exp.experiment_id])
    print(f'Experiment: {exp.name}, Runs: {len(runs)}')
"
