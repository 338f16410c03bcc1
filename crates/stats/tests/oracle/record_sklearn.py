"""Records scikit-learn's metrics, statsmodels' Wilson intervals and scipy's Fisher tests into `sklearn.json`."""

import json
import warnings
from pathlib import Path

import numpy as np
from data import bells, counts, uniforms
from scipy import stats
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
ROWS = 700
truth, answer = bells(1, ROWS), bells(1, ROWS) * 0.8 + bells(2, ROWS) * 0.3
regression = {
    "mae": metrics.mean_absolute_error(truth, answer),
    "mse": metrics.mean_squared_error(truth, answer),
    "rmse": metrics.root_mean_squared_error(truth, answer),
    "r2": metrics.r2_score(truth, answer),
}
classes = counts(3, ROWS, 4)
guesses = np.where(uniforms(4, ROWS) < 0.6, classes, counts(5, ROWS, 5))
several = {
    "accuracy": metrics.accuracy_score(classes, guesses),
    "precision": metrics.precision_score(classes, guesses, average="macro"),
    "recall": metrics.recall_score(classes, guesses, average="macro"),
    "f1_score": metrics.f1_score(classes, guesses, average="macro"),
}
positive, guessed = classes == 1, guesses == 1
binary = {
    "accuracy": metrics.accuracy_score(positive, guessed),
    "precision": metrics.precision_score(positive, guessed),
    "recall": metrics.recall_score(positive, guessed),
    "f1_score": metrics.f1_score(positive, guessed),
}
scores = np.round(np.clip(0.3 * positive + 0.7 * uniforms(6, ROWS), 0, 1) * 50) / 50
probability = {"roc_auc": metrics.roc_auc_score(positive, scores), "log_loss": metrics.log_loss(positive, scores)}
wilson = [[k, n, *proportion_confint(k, n, method="wilson")] for k, n in [(0, 5), (3, 10), (10, 10), (480, 700), (1, 100000)]]
fisher = [
    [a, n, b, m, stats.fisher_exact([[b, m - b], [a, n - a]], alternative="greater").pvalue]
    for a, n, b, m in [(0, 1000, 3, 500), (2, 1000, 30, 1000), (50, 10000, 9, 1000), (1, 200, 200, 200), (500, 100000, 80, 10000)]
]
ndcg = []
for trained, now in [([3, 2, 1, 0.5], [3, 2, 1, 0.5]), ([3, 2, 1, 0.5], [0.1, 2, 1, 4]), ([1, 1, 0, 5], [2, 2, 2, 1]), ([0.2, 0.1, 0.4], [0.3, 0.3, 0.1])]:
    ndcg.append([trained, now, metrics.ndcg_score([trained], [now])])
recorded = {"regression": regression, "several": several, "binary": binary, "probability": probability}
recorded = {name: {key: float(value) for key, value in part.items()} for name, part in recorded.items()}
recorded |= {"wilson": wilson, "fisher": fisher, "ndcg": ndcg}
text = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, default=float)}" for key, value in recorded.items())
(Path(__file__).parent / "sklearn.json").write_text("{\n" + text + "\n}\n")
