//! Held against what scipy, numpy and statsmodels answered, as `oracle/record.py` wrote it down.

mod data;

use data::{assert_close, bells, counts, skewed, sorted};
use fettle_stats::{
    bins,
    chi_square::{contingency, goodness_of_fit, two_proportions},
    distance::{
        Base, fill_as_evidently, floor, hellinger, jensen_shannon, l_infinity, population_stability_index, shares,
        total_variation, wasserstein,
    },
    ecdf::Ecdf,
    kolmogorov::{Method, one_sample_sf, two_sample},
    multiple::benjamini_hochberg,
    special,
};
use serde::Deserialize;
use serde_json::Value;

const EXACT: f64 = 1e-9;

#[derive(Deserialize)]
struct Recorded {
    samples: Vec<Pair>,
    counts: Vec<Counts>,
    tails: Tails,
    many: Many,
}

#[derive(Deserialize)]
struct Pair {
    kind: String,
    seeds: [u64; 2],
    rows: [usize; 2],
    shift: f64,
    wasserstein: f64,
    deviation: f64,
    statistic: f64,
    p_auto: f64,
    p_asymptotic: f64,
    p_exact: Option<f64>,
    sturges: Binned,
    doane: Binned,
    psi_deciles: f64,
}

#[derive(Deserialize)]
struct Binned {
    bins: usize,
    first: f64,
    reference: Vec<u64>,
    current: Vec<u64>,
    jensen_shannon: f64,
    jensen_shannon_base_2: f64,
}

#[derive(Deserialize)]
struct Counts {
    reference: Vec<u64>,
    current: Vec<u64>,
    statistic: f64,
    p: f64,
    degrees: u64,
    fit: Option<Test>,
    z: Option<Test>,
    hellinger: f64,
    total_variation: f64,
    l_infinity: f64,
    jensen_shannon: f64,
    jensen_shannon_base_2: f64,
}

#[derive(Deserialize)]
struct Test {
    statistic: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Tails {
    kstwo: Vec<[f64; 3]>,
    chi2: Vec<[f64; 3]>,
    normal: Vec<[f64; 2]>,
    noncentral: Vec<[f64; 4]>,
    binomial: Vec<[f64; 4]>,
    normal_upper: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Many {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("oracle/scipy.json")).expect("the recorded answers are of this shape")
}

impl Pair {
    fn samples(&self) -> [Vec<f64>; 2] {
        let [n, m] = self.rows;
        let [first, second] = self.seeds;
        let (reference, current) = match self.kind.as_str() {
            "bells" => (bells(first, n, 0.0), bells(second, m, self.shift)),
            "skewed" => (skewed(first, n, 0.0), skewed(second, m, self.shift)),
            _ => (counts(first, n, 12.0, 0.0), counts(second, m, 12.0, self.shift)),
        };
        [sorted(reference), sorted(current)]
    }

    fn name(&self) -> String {
        format!("{} {:?} shifted by {}", self.kind, self.rows, self.shift)
    }
}

fn runs(values: &[f64]) -> Vec<(f64, u64)> {
    values
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len() as u64))
        .collect()
}

#[test]
fn kolmogorov_smirnov_and_wasserstein() {
    for pair in recorded().samples {
        let [reference, current] = pair.samples();
        let (counted_reference, counted_current) = (runs(&reference), runs(&current));
        let name = pair.name();
        for (reference, current) in [
            (Ecdf::Sorted(&reference), Ecdf::Sorted(&current)),
            (Ecdf::Counted(&counted_reference), Ecdf::Sorted(&current)),
            (Ecdf::Counted(&counted_reference), Ecdf::Counted(&counted_current)),
        ] {
            let answer = |method| two_sample(reference, current, method).expect("no sample is empty");
            assert_close(answer(Method::Auto).statistic, pair.statistic, EXACT, &name);
            assert_close(answer(Method::Auto).p_value, pair.p_auto, EXACT, &name);
            assert_close(answer(Method::Asymptotic).p_value, pair.p_asymptotic, EXACT, &name);
            if let Some(exact) = pair.p_exact {
                assert_close(answer(Method::Exact).p_value, exact, EXACT, &name);
            }
            assert_close(
                wasserstein(reference, current).expect("both"),
                pair.wasserstein,
                EXACT,
                &name,
            );
            assert_close(reference.mean_and_deviation().1, pair.deviation, EXACT, &name);
        }
    }
}

#[test]
fn bins_of_numpy() {
    for pair in recorded().samples {
        let [reference, current] = pair.samples();
        let (reference, current) = (Ecdf::Sorted(&reference), Ecdf::Sorted(&current));
        for (edges, expected) in [
            (bins::sturges_edges(reference, current, false), &pair.sturges),
            (bins::doane_edges(reference, false), &pair.doane),
        ] {
            assert_eq!(edges.len() - 1, expected.bins, "{}", pair.name());
            assert_close(edges[1], expected.first, 1e-12, &pair.name());
            let [p, q] = [reference, current].map(|sample| bins::histogram(sample, &edges));
            assert_eq!((&p, &q), (&expected.reference, &expected.current), "{}", pair.name());
            let [p, q] = [p, q].map(|counts| shares(&counts, 1));
            assert_close(
                jensen_shannon(&p, &q, Base::Natural),
                expected.jensen_shannon,
                EXACT,
                &pair.name(),
            );
            assert_close(
                jensen_shannon(&p, &q, Base::Two),
                expected.jensen_shannon_base_2,
                EXACT,
                &pair.name(),
            );
        }
        let edges = bins::decile_edges(reference);
        let [p, q] = [reference, current].map(|sample| {
            let counts = bins::count_between(sample, &edges);
            floor(&shares(&counts, sample.count()), 1e-4)
        });
        assert_close(
            population_stability_index(&p, &q),
            pair.psi_deciles,
            EXACT,
            &pair.name(),
        );
    }
}

#[test]
fn tests_and_distances_of_counts() {
    for table in recorded().counts {
        let (reference, current) = (&table.reference, &table.current);
        let test = contingency(reference, current).expect("several categories");
        assert_close(test.statistic, table.statistic, EXACT, "chi2_contingency");
        assert_close(test.p_value, table.p, EXACT, "chi2_contingency");
        assert_eq!(test.degrees_of_freedom, table.degrees);
        if let Some(fit) = &table.fit {
            let test = goodness_of_fit(reference, current).expect("several categories");
            assert_close(test.statistic, fit.statistic, EXACT, "chisquare");
            assert_close(test.p_value, fit.p, EXACT, "chisquare");
        }
        let rows = [reference, current].map(|counts| counts.iter().sum::<u64>());
        if let Some(z) = &table.z {
            let test = two_proportions([reference[1], current[1]], rows).expect("rows differ");
            assert_close(test.statistic, z.statistic, EXACT, "proportions_ztest");
            assert_close(test.p_value, z.p, EXACT, "proportions_ztest");
        }
        let (p, q) = (shares(reference, rows[0]), shares(current, rows[1]));
        assert_close(hellinger(&p, &q), table.hellinger, EXACT, "hellinger");
        assert_close(total_variation(&p, &q), table.total_variation, EXACT, "total variation");
        assert_close(l_infinity(&p, &q), table.l_infinity, EXACT, "l-infinity");
        assert_close(
            jensen_shannon(&p, &q, Base::Natural),
            table.jensen_shannon,
            EXACT,
            "jensen-shannon",
        );
        assert_close(
            jensen_shannon(&p, &q, Base::Two),
            table.jensen_shannon_base_2,
            EXACT,
            "jensen-shannon",
        );
    }
}

#[test]
fn tails() {
    let tails = recorded().tails;
    for [n, d, p] in tails.kstwo {
        assert_close(one_sample_sf(n, d), p, EXACT, &format!("kstwo.sf({d}, {n})"));
    }
    for [x, k, p] in tails.chi2 {
        assert_close(special::chi_squared_sf(x, k), p, EXACT, &format!("chi2.sf({x}, {k})"));
    }
    for [z, p] in tails.normal {
        assert_close(special::normal_sf(z), p, EXACT, &format!("norm.sf({z})"));
    }
    for [tail, z] in tails.normal_upper {
        assert!(
            (special::normal_upper_quantile(tail) - z).abs() < 1e-8,
            "norm.isf({tail})"
        );
    }
    for [x, k, nc, p] in tails.noncentral {
        let ours = special::noncentral_chi_squared_sf(x, k, nc);
        assert!((ours - p).abs() < 1e-9, "ncx2.sf({x}, {k}, {nc}): {ours} is not {p}");
    }
    for [k, n, p, mass] in tails.binomial {
        assert_close(
            special::binomial_mass(k, n, p),
            mass,
            EXACT,
            &format!("binom.pmf({k}, {n}, {p})"),
        );
    }
}

#[test]
fn adjusted_p_values() {
    let many = recorded().many;
    for (ours, theirs) in benjamini_hochberg(&many.p).into_iter().zip(many.adjusted) {
        assert_close(ours, theirs, EXACT, "fdr_bh");
    }
}

/// Numbers from a closed formula, as written down beside the conventions of monitoring.
#[test]
fn the_waves() {
    let wave = |index: u32| (f64::from(index) * 0.7).sin();
    let reference = sorted((0..2000).map(|i| wave(i) + 0.001 * f64::from(i % 17)).collect());
    let current = sorted((0..1500).map(|i| 1.1 * wave(i) + 0.2).collect());
    let (r, c) = (Ecdf::Sorted(&reference), Ecdf::Sorted(&current));
    let distance = wasserstein(r, c).expect("both");
    let deviation = r.mean_and_deviation().1;
    assert_close(distance, 0.191_385_945_351_072_23, EXACT, "Wasserstein");
    assert_close(deviation, 0.707_064_832_892_574_8, EXACT, "deviation");
    assert_close(
        distance / deviation,
        0.270_676_657_143_475_44,
        EXACT,
        "normed Wasserstein",
    );
    let test = two_sample(r, c, Method::Auto).expect("both");
    assert_close(test.statistic, 0.234, EXACT, "D");
    assert_close(
        test.p_value.log10(),
        1.270_226_306_971_578e-41_f64.log10(),
        1e-9,
        "log10 p",
    );
    let edges = bins::sturges_edges(r, c, false);
    let [p, q] = [r, c].map(|sample| shares(&bins::histogram(sample, &edges), sample.count()));
    let psi = population_stability_index(&fill_as_evidently(&p), &fill_as_evidently(&q));
    assert_close(psi, 1.456_339_186_488_397_9, EXACT, "PSI as Evidently");
    assert_close(
        jensen_shannon(&p, &q, Base::Natural),
        0.271_787_913_881_553_1,
        EXACT,
        "JS",
    );
}

#[test]
fn the_letters() {
    let (reference, current) = ([500, 300, 200, 0], [250, 200, 40, 10]);
    let (p, q) = (shares(&reference, 1000), shares(&current, 500));
    let psi = population_stability_index(&fill_as_evidently(&p), &fill_as_evidently(&q));
    assert_close(psi, 0.244_159_610_664_382_7, EXACT, "PSI as Evidently");
    assert_close(
        jensen_shannon(&p, &q, Base::Natural),
        0.154_266_040_439_468_04,
        EXACT,
        "JS",
    );
    assert_close(
        jensen_shannon(&p, &q, Base::Two),
        0.185_292_398_086_601_72,
        EXACT,
        "JS base 2",
    );
    let test = contingency(&reference, &current).expect("four categories");
    assert_close(test.statistic, 60.0, EXACT, "chi2");
    assert_close(test.p_value, 5.878_230_727_906_921e-13, EXACT, "p");
}

#[test]
fn the_recorded_answers_hold_what_is_asked_of_them() {
    let raw: Value = serde_json::from_str(include_str!("oracle/scipy.json")).expect("JSON");
    assert_eq!(raw["samples"].as_array().map(Vec::len), Some(48));
}
