"""Records what scipy, numpy and statsmodels answer, into `scipy.json`. See README.md."""

import json
import warnings
from pathlib import Path

import numpy as np
from data import bells, counts, skewed
from scipy import stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent


def samples():
    """Pairs of columns with the words by which the Rust test makes the same ones."""
    pairs = []
    for index, (n, m, shift) in enumerate(
        [(50, 50, 0), (50, 37, 0.4), (200, 200, 0.1), (200, 300, 0.5), (1000, 1000, 0.1), (1000, 999, 0.2), (3000, 700, 0.05)]
        + [(9999, 10000, 0.03), (10000, 10000, 0.1), (20000, 60, 0.2), (20000, 100, 0), (12000, 900, 0.15), (30000, 30000, 0.01)]
        + [(30000, 20000, 0.04), (15000, 15000, 0.3), (10001, 10001, 0)]
    ):
        for kind in ("bells", "skewed", "counts"):
            seed = 1000 * index + len(kind)
            pairs.append({"kind": kind, "seeds": [seed, seed + 1], "rows": [n, m], "shift": shift})
    return pairs


def make(pair):
    (first, second), (n, m), shift = pair["seeds"], pair["rows"], pair["shift"]
    if pair["kind"] == "counts":
        return counts(first, n, 12).astype(float), counts(second, m, 12, shift).astype(float)
    maker = {"bells": bells, "skewed": skewed}[pair["kind"]]
    return maker(first, n), maker(second, m, shift)


def number(value):
    return float(value)


def of_samples():
    out = []
    for pair in samples():
        r, c = make(pair)
        answer = dict(pair)
        answer["wasserstein"] = number(stats.wasserstein_distance(r, c))
        answer["deviation"] = number(np.std(r))
        answer["statistic"] = number(stats.ks_2samp(r, c).statistic)
        answer["p_auto"] = number(stats.ks_2samp(r, c).pvalue)
        answer["p_asymptotic"] = number(stats.ks_2samp(r, c, method="asymp").pvalue)
        if max(len(r), len(c)) <= 3000:
            answer["p_exact"] = number(stats.ks_2samp(r, c, method="exact").pvalue)
        for name, of, data in (("sturges", "both", np.r_[r, c]), ("doane", "reference", r)):
            edges = np.histogram_bin_edges(data, bins=name)
            p, q = np.histogram(r, edges)[0], np.histogram(c, edges)[0]
            answer[name] = {
                "bins": len(edges) - 1,
                "first": number(edges[1]),
                "reference": p.tolist(),
                "current": q.tolist(),
                "jensen_shannon": number(jensenshannon(p, q)),
                "jensen_shannon_base_2": number(jensenshannon(p, q, base=2)),
            }
        deciles = np.unique(np.quantile(r, np.arange(1, 10) / 10))
        p = np.bincount(np.searchsorted(deciles, r, side="left"), minlength=len(deciles) + 1) / len(r)
        q = np.bincount(np.searchsorted(deciles, c, side="left"), minlength=len(deciles) + 1) / len(c)
        p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
        answer["psi_deciles"] = number(np.sum((p - q) * np.log(p / q)))
        out.append(answer)
    return out


def of_counts():
    tables = [
        [[500, 300, 200, 0], [250, 200, 40, 10]],
        [[10, 20], [30, 25]],
        [[1000, 1000], [1000, 1001]],
        [[5000, 3000, 1500, 400, 100], [480, 330, 140, 40, 10]],
        [[90000, 10000], [70000, 30000]],
        [[7, 0, 5, 3], [0, 9, 4, 1]],
    ]
    out = []
    for reference, current in tables:
        r, c = np.array(reference), np.array(current)
        statistic, p, degrees, _ = stats.chi2_contingency([r, c], correction=False)
        answer = {"reference": reference, "current": current, "statistic": number(statistic), "p": number(p), "degrees": int(degrees)}
        if (r > 0).all():
            fit = stats.chisquare(c, r * (c.sum() / r.sum()))
            answer["fit"] = {"statistic": number(fit.statistic), "p": number(fit.pvalue)}
        if len(r) == 2:
            z, p = proportions_ztest([r[1], c[1]], [r.sum(), c.sum()])
            answer["z"] = {"statistic": number(z), "p": number(p)}
        p, q = r / r.sum(), c / c.sum()
        answer["hellinger"] = number(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2))
        answer["total_variation"] = number(np.abs(p - q).sum() / 2)
        answer["l_infinity"] = number(np.abs(p - q).max())
        answer["jensen_shannon"] = number(jensenshannon(p, q))
        answer["jensen_shannon_base_2"] = number(jensenshannon(p, q, base=2))
        out.append(answer)
    return out


def of_tails():
    kstwo = [
        [n, d, number(stats.kstwo.sf(d, n))]
        for n in (1, 2, 5, 20, 100, 139, 140, 141, 500, 2000, 50000, 120000, 900000, 1500000)
        for z in (0.2, 0.4, 0.6, 0.85, 1.0, 1.2, 1.36, 1.5, 2.0, 2.5, 4.0, 8.0, 15.0)
        for d in [z / n**0.5]
        if d < 1
    ]
    chi2 = [[x, k, number(stats.chi2.sf(x, k))] for k in (1, 2, 3, 9, 50, 99) for x in (0.01, 0.5, 1, 3.84, 10, 60, 120, 500, 1300)]
    normal = [[z, number(stats.norm.sf(z))] for z in (-5, -1, 0, 0.3, 1.96, 3, 6, 12, 25, 37)]
    noncentral = [
        [x, k, nc, number(stats.ncx2.sf(x, k, nc))] for k in (1, 4, 30) for x in (3.84, 20.0, 60.0) for nc in (0.5, 12.0, 40.0, 300.0)
    ]
    binomial = [[k, n, p, number(stats.binom.pmf(k, n, p))] for n in (5, 40, 3000) for k in (0, 1, n // 2, n) for p in (0.01, 0.3, 0.9)]
    upper = [[t, number(stats.norm.isf(t))] for t in (0.5, 0.2, 0.025, 1e-6, 1e-40)]
    return {"kstwo": kstwo, "chi2": chi2, "normal": normal, "noncentral": noncentral, "binomial": binomial, "normal_upper": upper}


def of_many():
    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.9, 1e-9, 0.5]
    return {"p": p, "adjusted": [number(v) for v in multipletests(p, method="fdr_bh")[1]]}


recorded = {"samples": of_samples(), "counts": of_counts(), "tails": of_tails(), "many": of_many()}
text = ",\n".join(
    json.dumps(key) + ": [\n" + ",\n".join(json.dumps(item) for item in value) + "\n]" if isinstance(value, list) else json.dumps(key) + ": " + json.dumps(value)
    for key, value in recorded.items()
)
(HERE / "scipy.json").write_text("{\n" + text + "\n}\n")
