//! Numbers and verdicts in words.

use crate::compare::{
    rule::Profile,
    verdict::{Detectable, ShiftUnit, State},
};

pub(super) fn state_words(state: State) -> &'static str {
    match state {
        State::Drift => "drift",
        State::ImmaterialChange => "small change",
        State::NoDrift => "no drift",
        State::InsufficientData => "too few rows",
        State::NotCompared => "not compared",
    }
}

pub(super) fn profile_words(profile: Profile) -> &'static str {
    match profile {
        Profile::Fettle => "significant over all columns together (Benjamini-Hochberg) and large enough to matter",
        Profile::Evidently => "Evidently's defaults",
        Profile::Azure => "Azure Machine Learning's defaults",
        Profile::Nannyml => "NannyML's defaults",
        Profile::PsiClassic => "population stability index of 0.25 or more",
    }
}

pub(super) fn shift_words(shift: Detectable) -> String {
    let what = match shift.unit {
        ShiftUnit::StandardDeviations => {
            format!("a shift of all values by {} standard deviations", number(shift.value))
        }
        ShiftUnit::ShareOfRows => format!("{} of the rows moving to another category", percent(shift.value)),
    };
    format!("With these rows, {what} is found four times in five; less is found more rarely.")
}

/// Four significant digits.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if !(1e-4..1e7).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = (3 - magnitude.log10().floor() as i32).clamp(0, 8) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

pub(super) fn explain() -> &'static str {
    "<h2>What the numbers mean</h2>\n<dl class=\"words\">\
     <dt>drift</dt><dd>The difference is no chance, with regard to how many columns were looked at, and large enough to matter.</dd>\
     <dt>small change</dt><dd>The difference is no chance, and too small to matter. Many rows find the smallest differences.</dd>\
     <dt>too few rows</dt><dd>Neither drift nor its absence can be said.</dd>\
     <dt>p and adjusted p</dt><dd>How often chance alone would make a difference as large; adjusted for the number of columns by Benjamini and Hochberg. At most 0.05 counts as significant.</dd>\
     <dt>normalized_wasserstein_distance</dt><dd>How far the values have moved on average, in standard deviations of the reference. 0.1 or more matters.</dd>\
     <dt>jensen_shannon_distance</dt><dd>How much of the categories, or of the reference's deciles, is different: 0 is equal, 1 has nothing in common. 0.1 or more matters for categories.</dd>\
     <dt>population_stability_index</dt><dd>The banks' measure, over the reference's deciles or categories: 0.1 is called moderate, 0.25 major. It depends on the number of rows and decides nothing here.</dd>\
     <dt>two_sample_kolmogorov_smirnov_test, pearsons_chi_squared_test</dt><dd>The p-values for numbers and for categories.</dd>\
     <dt>total_variation_distance, hellinger_distance, l_infinity_distance</dt><dd>Of the same bins: the share of rows that would have to change bin; a distance between 0 and 1 that weighs rare bins more; the greatest change of one bin.</dd>\
     </dl>\n"
}
