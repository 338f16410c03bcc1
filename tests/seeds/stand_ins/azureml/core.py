"""A workspace whose tracking address is the server under test."""

import os


class Workspace:
    def __init__(self, name):
        self.name = name

    @classmethod
    def get(cls, name, subscription_id, resource_group):
        return cls(name)

    def get_mlflow_tracking_uri(self):
        return os.environ["MLFLOW_TRACKING_URI"]
