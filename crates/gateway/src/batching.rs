//! Whether requests may share a call of the model without anybody's answer changing.
//!
//! Predicting row by row is not enough: a linear model, a neural network or a Gaussian process multiplies matrices, and
//! BLAS adds up in another order for one row than for many, which moves the last bit. So it is tried, with the model at
//! hand, before requests are put together.

use bytes::Bytes;
use tokio::time::Instant;

use crate::edge_rows;
use crate::frame::Frame;
use crate::model_folder::ModelFolder;
use crate::options::Options;
use crate::worker::{CallError, Worker};

/// Rows tried alone and together; fewer if the model is slow.
const ROWS_MAX: usize = 48;
/// With fewer rows than this, luck could hide a difference.
const ROWS_MIN: usize = 8;
/// What the rows may take when they are scored alone.
const TRIAL_SECONDS: f64 = 2.0;

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
    // The first call may load and compile things; the second is the one that counts.
    answers(worker, &tried.frame.slice(0..1), 1).await?;
    let started = Instant::now();
    answers(worker, &tried.frame.slice(0..1), 1).await?;
    let row_seconds = started.elapsed().as_secs_f64();
    let rows = ((TRIAL_SECONDS / row_seconds) as usize)
        .min(ROWS_MAX)
        .min(tried.frame.rows);
    if rows < ROWS_MIN {
        let milliseconds = (row_seconds * 1e3).round();
        return Ok((
            false,
            format!("off: a row takes {milliseconds} ms, too long to try it; it can be asked for"),
        ));
    }
    let frame = tried.frame.slice(0..rows);
    let single = answers(worker, &frame, 1).await?;
    if single.iter().any(Option::is_none) {
        return Ok((false, "off: the model refuses the rows it was tried with".into()));
    }
    for size in [2, 7, rows] {
        if answers(worker, &frame, size).await? != single {
            return Ok((
                false,
                format!("off: in batches of {size} rows some answers differ from those given alone"),
            ));
        }
    }
    Ok((
        true,
        format!("on: {rows} rows got bit-equal answers alone and in batches of up to {rows}"),
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
