//! Request bodies to typed tables, by MLflow's rules.
//!
//! MLflow reads a body with pandas and numpy and then enforces the signature; what those make of odd cells is part of
//! the contract, and `tests/cases/scoring_inputs.json` records it. A body is read here when its shape is one we type
//! completely. Otherwise it is [`Parsed::Unread`] and goes to Python as it came, where MLflow's own parser takes it.

mod arrays;
mod cell;
mod column;
mod content_type;
mod csv;
mod csv_guess;
mod datetime;
mod enforce;
mod envelope;
mod grid;
mod nonfinite;
mod params;
mod records;
mod split;

pub use content_type::ContentType;

use std::borrow::Cow;

use crate::error::ScoreError;
use crate::frame::Frame;
use crate::signature::{Inputs, Signature};

#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    Table {
        frame: Frame,
        /// The request's `params` as JSON text, checked; `None` when there are none the model knows.
        params: Option<Box<str>>,
    },
    /// Only Python can say what this is; the text says why.
    Unread(Cow<'static, str>),
}

/// Read a JSON body.
pub fn parse_json(body: &[u8], signature: &Signature) -> Result<Parsed, ScoreError> {
    match envelope::parse(body, signature) {
        Err(envelope::Problem::Syntax(error)) => match nonfinite::mark(body) {
            Some(marked) => envelope::parse(&marked, signature).map_err(|problem| problem.into_error(body)),
            None => Err(envelope::Problem::Syntax(error).into_error(body)),
        },
        outcome => outcome.map_err(|problem| problem.into_error(body)),
    }
}

/// Read a CSV body. MLflow reads it with `pandas.read_csv` and the signature's types.
pub fn parse_csv(body: &[u8], signature: &Signature) -> Result<Parsed, ScoreError> {
    csv::parse(body, signature)
}

/// The table of a request that came as cells already.
pub(crate) fn enforce_grid(grid: &Grid, inputs: &Inputs) -> Result<Outcome, ScoreError> {
    enforce::frame(grid, inputs, enforce::Route::Pandas)
}

/// The parameters to hand to the model, checked: those of a request that the signature declares.
pub(crate) fn check_params(
    sent: &serde_json::Map<String, serde_json::Value>,
    signature: &Signature,
) -> Result<Option<Box<str>>, ScoreError> {
    params::check_known(sent, signature)
}

pub(crate) use cell::Cell;
pub(crate) use enforce::{Outcome, frame_of_positional_numbers};
pub(crate) use grid::Grid;
pub(crate) use nonfinite::mark as mark_nonfinite;
pub(crate) use nonfinite::read as read_nonfinite;
