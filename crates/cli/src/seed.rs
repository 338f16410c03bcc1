//! `fettle seed`

use anyhow::{Context, Result, anyhow};
use fettle_db::{Db, StoreUri};
use fettle_server::{
    Clock, schema,
    seed::{Seed, seed},
};
use std::io::{IsTerminal, Write, stderr};

pub(crate) const EXAMPLE: &str = "Examples:
  fettle seed --backend-store-uri sqlite:///try.db --runs 20000
  fettle seed --backend-store-uri postgresql://fettle@db/try --experiment wide --runs 1000000 --metrics 5 --steps 20";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Store to fill, while no server uses it: sqlite:///FILE or postgresql://USER@HOST/DATABASE
    #[arg(long, env = "MLFLOW_BACKEND_STORE_URI", value_name = "URI")]
    backend_store_uri: String,
    /// Name of the experiment, which must be new
    #[arg(long, default_value = "seeded")]
    experiment: String,
    /// Runs to make
    #[arg(long, default_value_t = 1000)]
    runs: u64,
    /// Metrics of each run
    #[arg(long, default_value_t = 10)]
    metrics: u64,
    /// Points of each metric
    #[arg(long, default_value_t = 40)]
    steps: u64,
    /// Params of each run
    #[arg(long, default_value_t = 5)]
    params: u64,
    /// Tags of each run
    #[arg(long, default_value_t = 3)]
    tags: u64,
}

pub(crate) fn run(args: Args) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(fill(args))
}

async fn fill(args: Args) -> Result<()> {
    let store = StoreUri::parse(&args.backend_store_uri).map_err(|e| anyhow!("--backend-store-uri: {e}"))?;
    let now_ms = Clock::system().now_ms();
    let db = Db::open(&store, schema::MIGRATIONS, now_ms)
        .await
        .with_context(|| format!("the store {store}"))?;
    let wanted = Seed {
        experiment: args.experiment,
        runs: args.runs,
        metrics: args.metrics,
        steps: args.steps,
        params: args.params,
        tags: args.tags,
    };
    let points = args.runs * args.metrics * args.steps;
    let shown = stderr().is_terminal();
    let progress = |made| {
        if shown {
            // What cannot be shown is not worth a failure.
            let _ = write!(stderr(), "\r{made} of {} runs", args.runs);
        }
    };
    seed(&db, wanted, now_ms, progress).await.map_err(|e| anyhow!("{e}"))?;
    if shown {
        eprintln!();
    }
    println!("{} runs with {points} metric points are in {store}", args.runs);
    Ok(())
}
