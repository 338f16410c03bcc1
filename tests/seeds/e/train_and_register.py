# train_and_register.py
# Train a model and register it with MLflow Model Registry
import mlflow
import mlflow.sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.metrics import accuracy_score

# Set the tracking URI to your MLflow server (local or remote)
mlflow.set_tracking_uri("http://localhost:5000")

# Load sample dataset for demonstration
X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)

# Start an MLflow run to track this experiment
with mlflow.start_run():
    # Define and train the model
    model = RandomForestClassifier(n_estimators=100, random_state=42)
    model.fit(X_train, y_train)

    # Evaluate the model and log metrics
    predictions = model.predict(X_test)
    accuracy = accuracy_score(y_test, predictions)
    mlflow.log_metric("accuracy", accuracy)  # Track model performance

    # Log model parameters for reproducibility
    mlflow.log_param("n_estimators", 100)
    mlflow.log_param("random_state", 42)

    # Log the model and register it in a single step
    # registered_model_name creates a new model or adds a version to existing
    mlflow.sklearn.log_model(
        model,
        artifact_path="model",  # Path within the run artifacts
        registered_model_name="iris-classifier"  # Name in Model Registry
    )

    print(f"Model registered with accuracy: {accuracy:.4f}")
