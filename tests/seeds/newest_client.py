"""The one edit that old scripts need with the newest client.

Since it writes scikit-learn models as skops by default and refuses types that skops does not trust (every tree is
one), `mlflow.sklearn.log_model` has to be told how to write the model. Older clients run the scripts as they are.
"""

import re

LOG_MODEL = re.compile(r"(mlflow\.sklearn\.log_model\(.*?)(\n\s*\)\n)", re.DOTALL)


def name_the_format(script, version):
    if version != "newest":
        return script
    edited, count = LOG_MODEL.subn(r'\1\n, serialization_format="cloudpickle"\2', script)
    assert count == 1, f"{count} calls of log_model"
    return edited
