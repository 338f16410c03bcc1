# Install required Python packages
pip install mlflow azureml-mlflow scikit-learn pandas numpy

# Get ML workspace connection details
ML_WORKSPACE_URL=$(az ml workspace show \
    --resource-group ${RESOURCE_GROUP} \
    --name ${ML_WORKSPACE_NAME} \
    --query discovery_url --output tsv)

# Create MLflow configuration file
cat > mlflow_config.py << 'EOF'
import mlflow
import os
from azureml.core import Workspace

# Connect to Azure ML workspace
ws = Workspace.from_config() if os.path.exists('.azureml/config.json') else \
     Workspace.get(name=os.environ['ML_WORKSPACE_NAME'], 
                  subscription_id=os.environ['SUBSCRIPTION_ID'],
                  resource_group=os.environ['RESOURCE_GROUP'])

# Set MLflow tracking URI to Azure ML workspace
mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())

print(f"✅ MLflow configured for workspace: {ws.name}")
print(f"Tracking URI: {mlflow.get_tracking_uri()}")
EOF

# Create sample model training script
cat > train_model.py << 'EOF'
import mlflow
import mlflow.sklearn
import pandas as pd
import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split
from sklearn.metrics import mean_squared_error, r2_score
import joblib

# Set experiment name
mlflow.set_experiment("model-lifecycle-demo")

# Generate sample data
np.random.seed(42)
n_samples = 1000
X = np.random.randn(n_samples, 4)
y = X[:, 0] + 2 * X[:, 1] - X[:, 2] + 0.5 * X[:, 3] + np.random.randn(n_samples) * 0.1

# Split data
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)

# Start MLflow run
with mlflow.start_run():
    # Train model
    model = RandomForestRegressor(n_estimators=100, random_state=42)
    model.fit(X_train, y_train)
    
    # Make predictions
    y_pred = model.predict(X_test)
    
    # Calculate metrics
    mse = mean_squared_error(y_test, y_pred)
    r2 = r2_score(y_test, y_pred)
    
    # Log parameters and metrics
    mlflow.log_param("n_estimators", 100)
    mlflow.log_param("random_state", 42)
    mlflow.log_metric("mse", mse)
    mlflow.log_metric("r2_score", r2)
    
    # Log model
    mlflow.sklearn.log_model(
        model, 
        "model",
        registered_model_name="demo-regression-model",
        input_example=X_train[:5],
        signature=mlflow.models.infer_signature(X_train, y_train)
    )
    
    print(f"✅ Model trained and logged - MSE: {mse:.4f}, R2: {r2:.4f}")
EOF

echo "✅ MLflow configuration and training script created"
