//! The parts of an XGBoost model file that decide its answers; the schema is that of XGBoost's documentation
//! ("Introduction to Model IO").

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::ubj;
use crate::error::Refusal;

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) learner: Learner,
    pub(super) version: [u32; 3],
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default)]
    pub(super) attributes: Attributes,
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    pub(super) gradient_booster: Booster,
    pub(super) learner_model_param: LearnerParam,
    pub(super) objective: Objective,
}

#[derive(Deserialize, Default)]
pub(super) struct Attributes {
    /// The iteration that early stopping found best, as text.
    pub(super) best_iteration: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct LearnerParam {
    /// A number, or since 3.1 a list of them in brackets: one for each output.
    pub(super) base_score: String,
    #[serde(deserialize_with = "number")]
    pub(super) num_class: usize,
    #[serde(deserialize_with = "number")]
    pub(super) num_feature: usize,
    #[serde(deserialize_with = "number", default = "one")]
    pub(super) num_target: usize,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub(super) name: String,
}

/// `dart` keeps its trees inside a booster of its own, and a weight for each.
#[derive(Deserialize)]
pub(super) struct Booster {
    pub(super) name: String,
    pub(super) model: Option<BoosterModel>,
    pub(super) gbtree: Option<Box<Booster>>,
    pub(super) weight_drop: Option<Vec<f32>>,
}

/// `gblinear` has none of these.
#[derive(Deserialize)]
pub(super) struct BoosterModel {
    #[serde(default)]
    pub(super) gbtree_model_param: TreesParam,
    /// The first tree of each iteration; files before 2.0 lack it.
    #[serde(default)]
    pub(super) iteration_indptr: Vec<usize>,
    /// The output that each tree adds to.
    #[serde(default)]
    pub(super) tree_info: Vec<usize>,
    #[serde(default)]
    pub(super) trees: Vec<Tree>,
    /// Since 3.1 the categories of a data frame that training saw.
    #[serde(default)]
    pub(super) cats: Categories,
}

#[derive(Deserialize, Default)]
pub(super) struct Categories {
    #[serde(default)]
    pub(super) sorted_idx: Vec<i64>,
}

#[derive(Deserialize)]
pub(super) struct TreesParam {
    #[serde(deserialize_with = "number", default = "one")]
    pub(super) num_parallel_tree: usize,
}

impl Default for TreesParam {
    fn default() -> Self {
        Self { num_parallel_tree: 1 }
    }
}

#[derive(Deserialize)]
pub(super) struct Tree {
    pub(super) left_children: Vec<i64>,
    pub(super) right_children: Vec<i64>,
    pub(super) split_indices: Vec<i64>,
    /// The threshold of a split, the value of a leaf.
    pub(super) split_conditions: Vec<f32>,
    pub(super) default_left: Vec<Flag>,
    /// 1 where a split is one of categories.
    #[serde(default)]
    pub(super) split_type: Vec<u8>,
    /// The categories of all nodes, one after the other.
    #[serde(default)]
    pub(super) categories: Vec<i64>,
    /// The nodes that have categories; where theirs begin, and how many there are.
    #[serde(default)]
    pub(super) categories_nodes: Vec<i64>,
    #[serde(default)]
    pub(super) categories_segments: Vec<i64>,
    #[serde(default)]
    pub(super) categories_sizes: Vec<i64>,
    /// The values of leaves of several outputs: of every node until 3.0, since then of every leaf.
    #[serde(default)]
    pub(super) base_weights: Vec<f32>,
    pub(super) leaf_weights: Option<Vec<f32>>,
    /// How much of the training data came to each node.
    #[serde(default)]
    pub(super) sum_hessian: Vec<f32>,
    pub(super) tree_param: TreeParam,
}

#[derive(Deserialize)]
pub(super) struct TreeParam {
    #[serde(deserialize_with = "number", default = "one")]
    pub(super) size_leaf_vector: usize,
}

/// A flag that is a boolean in some releases and 0 or 1 in others.
#[derive(Clone, Copy)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Bool(bool),
            Number(i64),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Bool(flag) => flag,
            Either::Number(number) => number != 0,
        }))
    }
}

/// XGBoost writes the numbers of parameters as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| D::Error::custom(format!("`{text}` where a number belongs")))
}

fn one() -> usize {
    1
}

impl File {
    /// What Python keeps of a booster inside another object: the model beside the configuration of its training.
    pub(super) fn read_pickled(bytes: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Pickled {
            #[serde(rename = "Model")]
            model: File,
        }
        match bytes {
            [b'{', b'i' | b'U' | b'I' | b'l' | b'L', ..] => ubj::from_slice(bytes)
                .map(|pickled: Pickled| pickled.model)
                .map_err(|error| Refusal::new("booster", error.to_string())),
            [b'{', ..] => serde_json::from_slice(bytes)
                .map(|pickled: Pickled| pickled.model)
                .map_err(|error| Refusal::new("booster", error.to_string())),
            _ => Err(Refusal::new("booster", "is not in a format of XGBoost 1.6 or later")),
        }
    }

    /// JSON and Universal Binary JSON both begin with a brace; what follows tells them apart.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        match bytes {
            [b'{', b'i' | b'U' | b'I' | b'l' | b'L', ..] => {
                ubj::from_slice(bytes).map_err(|error| Refusal::new("file", error.to_string()))
            }
            [b'{', ..] => serde_json::from_slice(bytes).map_err(|error| Refusal::new("file", error.to_string())),
            _ => Err(Refusal::new(
                "file",
                "is neither JSON nor Universal Binary JSON; save the model again with XGBoost 1.6 or later",
            )),
        }
    }

    /// The starting score of each output, in the units of the answers.
    pub(super) fn base_scores(&self) -> Result<Vec<f32>, Refusal> {
        let text = &self.learner.learner_model_param.base_score;
        let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
        inner
            .split(',')
            .map(|number| number.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| Refusal::new("learner_model_param.base_score", format!("is `{text}`")))
    }
}
