//! `fettle drift`: has the data changed? Two files compared here and now, without a server.

mod performance;

use crate::output::OutputArgs;
use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use fettle_stats::{
    compare::{
        rule::{Profile, Rule},
        verdict::{ColumnVerdict, Comparison, ShiftUnit},
    },
    profile::Settings,
    quality::{QualityRule, QualityVerdict},
    report::{self, Findings, Heading},
};
use fettle_tables::{
    Table,
    compare::{self, Options},
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{collections::BTreeMap, io::IsTerminal, path::PathBuf};

pub(crate) const EXAMPLE: &str = "Examples:
  fettle drift compare january.parquet march.parquet
  fettle drift compare reference.csv current.csv --columns age,income --html report.html
  fettle drift compare a.parquet b.parquet --profile evidently -o json
  fettle drift compare a.parquet b.parquet --target delayed --prediction score --fail-on-drift";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compare two files of rows (Parquet, CSV, TSV, JSON lines) column by column
    #[command(after_help = EXAMPLE)]
    Compare(Box<Compare>),
    /// Make a profile of a file's columns, a baseline that needs no rows to leave this machine
    #[command(
        after_help = "Example:\n  fettle drift profile train.parquet -o train.profile\n  fettle baseline create -m models:/churn/3 --profile train.profile"
    )]
    Profile(MakeProfile),
}

#[derive(Debug, clap::Args)]
pub(crate) struct MakeProfile {
    /// File with the rows: Parquet, CSV, TSV or JSON lines
    file: PathBuf,
    /// Profile these columns only
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    columns: Vec<String>,
    /// The file to write
    #[arg(long, short = 'o', value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    Fettle,
    Evidently,
    Azure,
    Nannyml,
    PsiClassic,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Compare {
    /// File with the rows to compare with, such as the training data
    reference: PathBuf,
    /// File with the rows to judge
    current: PathBuf,
    /// Whose rule decides: Fettle's, or that of a tool that you come from
    #[arg(long, value_enum, default_value = "fettle")]
    profile: ProfileName,
    /// Compare these columns only
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    columns: Vec<String>,
    /// Column with the truth; with --prediction the model's performance on both sides is shown
    #[arg(long, value_name = "NAME", requires = "prediction")]
    target: Option<String>,
    /// Column with the model's answer
    #[arg(long, value_name = "NAME", requires = "target")]
    prediction: Option<String>,
    /// The class of the target that counts as positive; scores between 0 and 1 are then taken for its probability
    #[arg(long, value_name = "CLASS", requires = "target")]
    positive: Option<String>,
    /// How large a difference of numbers has to be to matter, in standard deviations (normalised Wasserstein distance)
    #[arg(long, value_name = "DISTANCE", default_value_t = 0.1)]
    numerical_threshold: f64,
    /// How large a difference of categories has to be to matter (Jensen-Shannon distance, base 2)
    #[arg(long, value_name = "DISTANCE", default_value_t = 0.1)]
    categorical_threshold: f64,
    /// Write the result as a page to read, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// End with status 1 if there is drift
    #[arg(long)]
    fail_on_drift: bool,
    /// Memory for the rows that are kept, in MiB; what does not fit is sampled, and says so
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u64,
    /// Threads; as many as there are processors by default
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Compare(args) => compare_files(&args),
        Command::Profile(args) => make_profile(&args),
    }
}

fn make_profile(args: &MakeProfile) -> Result<()> {
    let wanted = |name: &str| args.columns.is_empty() || args.columns.iter().any(|wanted| wanted == name);
    let profile = Table::open(&args.file)?.profile(Settings::default(), &BTreeMap::new(), &wanted)?;
    if let Some(missing) = args.columns.iter().find(|name| !profile.columns.contains_key(*name)) {
        bail!("`{}` has no column `{missing}`", args.file.display());
    }
    std::fs::write(&args.output, profile.encode())
        .with_context(|| format!("cannot write `{}`", args.output.display()))?;
    eprintln!(
        "Wrote {}: {} rows, {} columns",
        args.output.display(),
        profile.rows(),
        profile.columns.len()
    );
    Ok(())
}

fn compare_files(args: &Compare) -> Result<()> {
    let (reference, current) = (Table::open(&args.reference)?, Table::open(&args.current)?);
    let options = options(args)?;
    let progress = bar();
    let compared = compare::files(&options, &reference, &current, &|done, all| {
        progress.set_length(all as u64);
        progress.set_position(done as u64);
    });
    progress.finish_and_clear();
    let (comparison, quality) = compared?;
    let performance = performance::measure(args, &reference, &current)?;
    let whole = json!({
        "reference": args.reference,
        "current": args.current,
        "drift": comparison,
        "quality": quality,
        "performance": performance,
    });
    if let Some(path) = &args.html {
        let heading = Heading {
            title: "Drift report",
            reference: &args.reference.display().to_string(),
            current: &args.current.display().to_string(),
            made_at: &made_at(),
        };
        let findings = Findings {
            comparison: &comparison,
            quality: &quality,
            performance: performance.as_ref().map(|both| [&both.reference, &both.current]),
        };
        std::fs::write(path, report::html(&heading, &findings))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        eprintln!("Wrote {}", path.display());
    }
    let rows: Vec<Vec<String>> = comparison.columns.iter().map(|column| row(column, &quality)).collect();
    args.output.print(
        &[
            "column",
            "type",
            "verdict",
            "measure",
            "value",
            "threshold",
            "adjusted p",
            "detectable",
            "quality",
        ],
        &rows,
        &whole,
    )?;
    if args.output.is_for_people() {
        summary(&comparison, &quality);
        performance::print(performance.as_ref());
    }
    if args.fail_on_drift && comparison.drifted {
        bail!(
            "{} of {} columns have drifted",
            comparison.drifted_columns,
            comparison.compared_columns
        );
    }
    Ok(())
}

fn options(args: &Compare) -> Result<Options> {
    let profile = match args.profile {
        ProfileName::Fettle => Profile::Fettle,
        ProfileName::Evidently => Profile::Evidently,
        ProfileName::Azure => Profile::Azure,
        ProfileName::Nannyml => Profile::Nannyml,
        ProfileName::PsiClassic => Profile::PsiClassic,
    };
    for (flag, threshold) in [
        ("--numerical-threshold", args.numerical_threshold),
        ("--categorical-threshold", args.categorical_threshold),
    ] {
        if !(threshold.is_finite() && threshold >= 0.0) {
            bail!("{flag} must be zero or more");
        }
    }
    let mut rule = Rule::of(profile);
    rule.numerical.value = args.numerical_threshold;
    rule.categorical.value = args.categorical_threshold;
    let available = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Options {
        rule,
        quality: if profile == Profile::Azure {
            QualityRule::azure()
        } else {
            QualityRule::default()
        },
        columns: args.columns.clone(),
        memory: args.memory.saturating_mul(1024 * 1024),
        threads: args.threads.unwrap_or(available).clamp(1, 256),
    })
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} columns {elapsed}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[expect(clippy::disallowed_methods, reason = "a command line's report says when it was made")]
fn made_at() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn row(column: &ColumnVerdict, quality: &[QualityVerdict]) -> Vec<String> {
    let dash = || "-".to_owned();
    let adjusted = column
        .significance
        .and_then(|significance| significance.adjusted_p_value);
    let worse: Vec<&str> = quality
        .iter()
        .filter(|verdict| verdict.is_violation && verdict.column == column.column)
        .map(|verdict| verdict.metric.name())
        .collect();
    vec![
        column.column.clone(),
        column
            .reference
            .kind
            .map_or_else(dash, |kind| format!("{kind:?}").to_ascii_lowercase()),
        column.state.name().to_owned(),
        column
            .effect
            .map_or_else(dash, |effect| effect.metric.name().to_owned()),
        column.effect.map_or_else(dash, |effect| format!("{:.4}", effect.value)),
        column
            .effect
            .map_or_else(dash, |effect| format!("{:.4}", effect.threshold)),
        adjusted.map_or_else(dash, |p| {
            if p < 1e-4 {
                format!("{p:.1e}")
            } else {
                format!("{p:.4}")
            }
        }),
        column
            .smallest_detectable_shift
            .map_or_else(dash, |shift| match shift.unit {
                ShiftUnit::StandardDeviations => format!("{:.3} sd", shift.value),
                ShiftUnit::ShareOfRows => format!("{:.2} %", shift.value * 100.0),
            }),
        if worse.is_empty() { dash() } else { worse.join(" ") },
    ]
}

fn summary(comparison: &Comparison, quality: &[QualityVerdict]) {
    eprintln!(
        "{}: {} of {} columns have drifted, {} changed too little to matter, {} had too few rows ({} and {} rows)",
        if comparison.drifted { "Drift" } else { "No drift" },
        comparison.drifted_columns,
        comparison.compared_columns,
        comparison.immaterial_columns,
        comparison.insufficient_columns,
        comparison.reference_rows,
        comparison.current_rows,
    );
    if let Some(rate) = comparison.false_alarm_rate {
        eprintln!(
            "If nothing had drifted, drift would be said at most {:.2} % of the time",
            rate * 100.0
        );
    }
    let violations = quality.iter().filter(|verdict| verdict.is_violation).count();
    if violations > 0 {
        eprintln!("Rates of bad values that have risen: {violations}");
    }
    for (names, words) in [
        (&comparison.missing_columns, "The current file lacks"),
        (&comparison.new_columns, "The reference lacks"),
    ] {
        if !names.is_empty() {
            eprintln!("{words} {}", names.join(", "));
        }
    }
}
