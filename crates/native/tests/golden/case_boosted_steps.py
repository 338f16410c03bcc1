"""XGBoost and LightGBM as steps of scikit-learn's pipelines and ensembles."""

import lightgbm as lgb
import xgboost as xgb
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from rows import NUMBERS, RELEASE


def cases(data):
    x, y, few = data.x, data.y, data.few
    x_options = {"n_estimators": data.trees, "max_depth": 4, "n_jobs": 1, **data.seed}
    l_options = {"n_estimators": data.trees, "num_leaves": 12, "n_jobs": 1, "verbose": -1, **data.seed}

    def prepared():
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        texts = OneHotEncoder(handle_unknown="ignore")
        return ColumnTransformer([("numbers", numbers, NUMBERS), ("texts", texts, ["colour", "shop"])])

    wide, outcome, sets = data.wide, data.outcome, data.wide_sets
    yes = (data.label == "yes").astype(int)
    yield "xgboost_step", make_pipeline(prepared(), xgb.XGBRegressor(**x_options)).fit(wide, outcome), sets, False
    yield "xgboost_step_classes", make_pipeline(prepared(), xgb.XGBClassifier(**x_options)).fit(wide, yes), sets, False
    sparse = ColumnTransformer(
        [("texts", OneHotEncoder(handle_unknown="ignore"), ["colour", "shop"]), ("n", "passthrough", ["small"])],
        sparse_threshold=1.0,
    )
    filled = {name: frame.fillna({"small": 1.0}) for name, frame in sets.items()}
    model = make_pipeline(sparse, xgb.XGBRegressor(**x_options)).fit(wide.fillna({"small": 1.0}), outcome)
    yield "xgboost_step_sparse", model, filled, False
    model = make_pipeline(sparse, lgb.LGBMRegressor(**l_options)).fit(wide.fillna({"small": 1.0}), outcome)
    yield "lightgbm_step_sparse", model, filled, False
    yield "lightgbm_step", make_pipeline(prepared(), lgb.LGBMRegressor(**l_options)).fit(wide, outcome), sets, False
    yield "lightgbm_step_classes", make_pipeline(prepared(), lgb.LGBMClassifier(**l_options)).fit(wide, data.label), sets, False
    both = [("x", xgb.XGBRegressor(**x_options)), ("l", lgb.LGBMRegressor(**l_options))]
    yield "boosted_voting", VotingRegressor(both).fit(x, y), few, False
    both = [("x", xgb.XGBClassifier(**x_options)), ("l", lgb.LGBMClassifier(**l_options))]
    yield "boosted_voting_soft", VotingClassifier(both, voting="soft").fit(x, data.words), few, False
    yield "boosted_voting_hard", VotingClassifier(both).fit(x, data.words), few, False
    yield "boosted_stacking", StackingClassifier(both, LogisticRegression(), cv=3).fit(x, data.three), few, False
    # With numpy before 2 the scores of XGBoost stay in single precision there.
    if RELEASE >= (1, 6):
        calibrated = CalibratedClassifierCV(xgb.XGBClassifier(**x_options), cv=3)
        yield "boosted_calibrated", calibrated.fit(x, data.two), few, False
    grid = GridSearchCV(xgb.XGBRegressor(**x_options), {"max_depth": [2, 3]}, cv=2)
    yield "boosted_search", grid.fit(x, y), few, False
