# Execute model training with MLflow tracking
python mlflow_config.py
python train_model.py

# List registered models to verify registration
python -c "
import mlflow
from mlflow.tracking import MlflowClient

client = MlflowClient()
models = client.search_registered_models()
for model in models:
    print(f'Model: {model.name}')
    for version in model.latest_versions:
        print(f'  Version: {version.version}, Stage: {version.current_stage}')
"

# Get model URI for deployment
MODEL_URI=$(python -c "
import mlflow
from mlflow.tracking import MlflowClient

client = MlflowClient()
model = client.get_registered_model('demo-regression-model')
latest_version = model.latest_versions[0]
print(f'models:/demo-regression-model/{latest_version.version}')
")

echo "✅ Model trained and registered: ${MODEL_URI}"
