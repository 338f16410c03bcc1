//! What makes a difference a drift.

use crate::ecdf::Ecdf;
use serde::{Deserialize, Serialize};

/// Measures by the names that Azure uses, and ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    JensenShannonDistance,
    NormalizedWassersteinDistance,
    PopulationStabilityIndex,
    TwoSampleKolmogorovSmirnovTest,
    #[serde(alias = "chi_squared_test")]
    PearsonsChiSquaredTest,
    /// The one-sample test that takes the reference for exact (Evidently's `chisquare`).
    ChiSquaredGoodnessOfFitTest,
    ProportionsZTest,
    WassersteinDistance,
    HellingerDistance,
    TotalVariationDistance,
    LInfinityDistance,
}

impl Metric {
    /// Whether the value is a p-value, so that small ones mean drift.
    pub fn is_p_value(self) -> bool {
        matches!(
            self,
            Self::TwoSampleKolmogorovSmirnovTest
                | Self::PearsonsChiSquaredTest
                | Self::ChiSquaredGoodnessOfFitTest
                | Self::ProportionsZTest
        )
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::JensenShannonDistance => "jensen_shannon_distance",
            Self::NormalizedWassersteinDistance => "normalized_wasserstein_distance",
            Self::PopulationStabilityIndex => "population_stability_index",
            Self::TwoSampleKolmogorovSmirnovTest => "two_sample_kolmogorov_smirnov_test",
            Self::PearsonsChiSquaredTest => "pearsons_chi_squared_test",
            Self::ChiSquaredGoodnessOfFitTest => "chi_squared_goodness_of_fit_test",
            Self::ProportionsZTest => "proportions_z_test",
            Self::WassersteinDistance => "wasserstein_distance",
            Self::HellingerDistance => "hellinger_distance",
            Self::TotalVariationDistance => "total_variation_distance",
            Self::LInfinityDistance => "l_infinity_distance",
        }
    }
}

/// A measure and the value at which it speaks of drift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    pub metric: Metric,
    pub value: f64,
}

/// Whose rule decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Significant over all columns together, and large enough to matter.
    #[default]
    Fettle,
    /// Evidently's default tests, and drift of the table when half of its columns have drifted.
    Evidently,
    /// Azure Machine Learning's default metrics and thresholds.
    Azure,
    /// NannyML's Jensen-Shannon distance against what the reference's own chunks show.
    Nannyml,
    /// The population stability index over the reference's deciles, 0.25 or more.
    PsiClassic,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    pub profile: Profile,
    /// What share of the columns said to have drifted may be false alarms on average; when nothing has drifted, the
    /// chance of any alarm.
    pub false_discovery_rate: f64,
    /// How large a difference of numbers has to be to matter.
    pub numerical: Threshold,
    /// How large a difference of categories has to be to matter.
    pub categorical: Threshold,
    /// With fewer valid rows on either side a column is not judged.
    pub minimum_rows: u64,
    /// Numbers with no more distinct reference values than this are compared as categories.
    pub categories_max: usize,
    /// Whether to simulate the smallest detectable shift, most of the work on small windows.
    pub states_power: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            profile: Profile::Fettle,
            false_discovery_rate: 0.05,
            numerical: Threshold {
                metric: Metric::NormalizedWassersteinDistance,
                value: 0.1,
            },
            categorical: Threshold {
                metric: Metric::JensenShannonDistance,
                value: 0.1,
            },
            minimum_rows: 200,
            categories_max: 20,
            states_power: true,
        }
    }
}

impl Rule {
    /// The defaults of a profile.
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            ..Self::default()
        }
    }

    /// Azure and the classic index know no numbers that are really categories.
    pub fn compares_as_numbers(&self, reference: Ecdf<'_>) -> bool {
        matches!(self.profile, Profile::Azure | Profile::PsiClassic)
            || reference.distinct_up_to(self.categories_max + 1) > self.categories_max
    }
}
