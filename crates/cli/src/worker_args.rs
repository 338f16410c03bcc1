//! How Python workers are run: shared by the commands that serve models.

use crate::size::{size, size_u64};
use anyhow::Result;
use fettle_gateway::{EnvironmentManager, Environments, NativeMemory, Options, Recycling, Scaling, ScalingMetric};
use std::{path::PathBuf, time::Duration};

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Python workers")]
pub(crate) struct WorkerArgs {
    /// Python with mlflow and the model's libraries [default: FETTLE_PYTHON, the active environment, or
    /// python3 if it has mlflow; else an environment is made]
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// Shared library of ONNX Runtime [default: ORT_DYLIB_PATH, or that of the package onnxruntime beside the Python]
    #[arg(long, value_name = "PATH")]
    onnxruntime: Option<PathBuf>,
    /// What makes an environment with the model's requirements: uv or virtualenv; local makes none
    #[arg(long, value_name = "MANAGER", env = "FETTLE_ENV_MANAGER")]
    env_manager: Option<EnvironmentManager>,
    /// Folder in which environments are kept [default: fettle/environments in the user's cache]
    #[arg(long, value_name = "FOLDER", env = "FETTLE_ENVIRONMENTS")]
    environments: Option<PathBuf>,
    /// Folder with the wheels that environments are made from; no package index is asked then
    #[arg(long, value_name = "FOLDER", env = "FETTLE_WHEELHOUSE")]
    wheelhouse: Option<PathBuf>,
    /// Replace a worker that has answered so many requests, once another is ready
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u64).range(1..))]
    worker_requests_max: Option<u64>,
    /// Replace a worker that holds more memory, as 2GiB, once another is ready
    #[arg(long, value_name = "SIZE", value_parser = size_u64)]
    worker_resident_max: Option<u64>,
    /// Let a worker allocate no more memory than this, as 4GiB
    #[arg(long, value_name = "SIZE", value_parser = size_u64)]
    worker_memory_max: Option<u64>,
    /// Requests that may wait for a worker; more are refused with 429
    #[arg(long, value_name = "REQUESTS", default_value_t = 1024, value_parser = at_least_one)]
    queue: usize,
    /// Seconds from a request to its answer; then it is given up with 504
    #[arg(long, short = 't', value_name = "SECONDS", default_value_t = 60, env = "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT",
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Memory for native models, by the size of their files, as 8GiB: those not asked for leave first and come back
    #[arg(long, value_name = "SIZE", value_parser = size_u64)]
    native_memory_max: Option<u64>,
    /// Largest scoring request, in bytes or as 16MiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = size)]
    scoring_body_limit: usize,
}

impl WorkerArgs {
    /// What is the same for all models of a process.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options {
            python: self.python.clone(),
            onnxruntime: self.onnxruntime.clone(),
            environments: Environments {
                manager: self.env_manager,
                folder: self.environments.clone(),
                wheelhouse: self.wheelhouse.clone(),
            },
            native_memory: self.native_memory_max.map(NativeMemory::new),
            queue: self.queue,
            deadline: Duration::from_secs(self.timeout),
            body_bytes_max: self.scoring_body_limit,
            ..Options::default()
        };
        options.supervision.recycling = Recycling {
            requests_max: self.worker_requests_max,
            resident_bytes_max: self.worker_resident_max,
        };
        options.supervision.memory_bytes_max = self.worker_memory_max;
        options
    }
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Scaling of Python workers")]
pub(crate) struct ScalingArgs {
    /// Python worker processes
    #[arg(long, short = 'w', default_value_t = 1, value_parser = at_least_one)]
    workers: usize,
    /// Least of them, with --max-workers; 0 ends the last one when nothing has been asked for a whole window
    #[arg(long, value_name = "WORKERS", requires = "max_workers")]
    min_workers: Option<usize>,
    /// Most of them, if their number is to follow the load
    #[arg(long, value_name = "WORKERS", conflicts_with = "workers", value_parser = at_least_one)]
    max_workers: Option<usize>,
    /// What their number follows: concurrency (requests queued and running), request_rate or cpu
    #[arg(long, value_name = "METRIC", default_value = "concurrency")]
    scale_on: ScalingMetric,
    /// What one worker should have of it [default: 2 calls, 200 requests a second, 0.7 cores]
    #[arg(long, value_name = "NUMBER")]
    scale_target: Option<f64>,
    /// Seconds over which it is averaged
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    scale_window: f64,
    /// Seconds that a request may wait for the first worker
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    cold_start_timeout: u64,
}

impl ScalingArgs {
    pub(crate) fn scaling(&self) -> Result<Scaling> {
        let mut scaling = match self.max_workers {
            None => Scaling::fixed(self.workers),
            Some(most) => Scaling::between(self.min_workers.unwrap_or(1), most),
        };
        if scaling.replicas_min > scaling.replicas_max {
            anyhow::bail!(
                "--min-workers {} is more than --max-workers {}",
                scaling.replicas_min,
                scaling.replicas_max
            );
        }
        if self
            .scale_target
            .is_some_and(|target| !(target > 0.0 && target.is_finite()))
        {
            anyhow::bail!("--scale-target has to be more than 0");
        }
        if !(self.scale_window >= 1.0 && self.scale_window <= 86_400.0) {
            anyhow::bail!("--scale-window has to be between 1 and 86400 seconds");
        }
        scaling = scaling.averaged_over(Duration::from_secs_f64(self.scale_window));
        scaling.metric = self.scale_on;
        scaling.target = self.scale_target;
        scaling.cold_start_max = Duration::from_secs(self.cold_start_timeout);
        Ok(scaling)
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it has to be a number of at least 1".to_owned()),
        Ok(number) => Ok(number),
    }
}
