"""Side-by-side measurements against MLflow. They print ratios: absolute figures belong to one machine."""
