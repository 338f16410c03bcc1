//! Whether requests may share a call of the model without anybody's answer changing.
//!
//! Predicting row by row is not enough: a linear model, a neural network or a Gaussian process multiplies matrices, and
//! BLAS adds up in another order for one row than for many, which moves the last bit. So it is tried, with the model at
//! hand, before requests are put together.

use bytes::Bytes;

use crate::edge_rows;
use crate::frame::Frame;
use crate::model_folder::ModelFolder;
use crate::options::Options;
use crate::worker::{CallError, Worker};

/// Rows tried alone and together.
const ROWS: usize = 48;
const SIZES: [usize; 3] = [2, 7, ROWS];

/// Whether to batch, and the sentence that says why.
pub(crate) async fn decide(
    folder: &ModelFolder,
    options: &Options,
    worker: &mut Worker,
) -> Result<(bool, String), CallError> {
    match options.batching {
        Some(true) => return Ok((true, "on: asked for".into())),
        Some(false) => return Ok((false, "off: asked for".into())),
        None if options.batch_rows_max == 1 => return Ok((false, "off: batches of one row were asked for".into())),
        None if !folder.is_row_wise() => {
            let flavor = folder.native_flavor();
            return Ok((
                false,
                format!("off: models of the {flavor} flavour may look at all rows of a call"),
            ));
        }
        None => {}
    }
    let sets = edge_rows::for_model(folder, None, 0);
    let Some(tried) = sets
        .iter()
        .find(|set| set.kind == "around" && !set.frame.columns.is_empty())
    else {
        return Ok((false, "off: the model declares no columns to try it with".into()));
    };
    let frame = tried.frame.slice(0..ROWS.min(tried.frame.rows));
    let single = answers(worker, &frame, 1).await?;
    if single.iter().any(Option::is_none) {
        return Ok((false, "off: the model refuses the rows it was tried with".into()));
    }
    for size in SIZES {
        if answers(worker, &frame, size).await? != single {
            return Ok((
                false,
                format!("off: in batches of {size} rows some answers differ from those given alone"),
            ));
        }
    }
    Ok((
        true,
        format!(
            "on: {} rows got bit-equal answers alone and in batches of up to {ROWS}",
            frame.rows
        ),
    ))
}

/// Each row's answer when the rows are sent `size` at a time; `None` where the model refused.
async fn answers(worker: &mut Worker, frame: &Frame, size: usize) -> Result<Vec<Option<Bytes>>, CallError> {
    let mut answers = Vec::with_capacity(frame.rows);
    for start in (0..frame.rows).step_by(size) {
        let part = frame.slice(start..frame.rows.min(start + size));
        let (results, row_wise) = worker.predict(&part, &vec![1; part.rows], None).await?;
        answers.extend(
            results
                .into_iter()
                .map(|result| (row_wise && result.status == 200).then_some(result.body)),
        );
    }
    Ok(answers)
}
