//! Who gets which requests: setting it, its history, going back, and asking where a request went.

use super::{Named, all, below};
use crate::{client::ServerArgs, output::OutputArgs, printing::cell};
use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value, json};

pub(super) const EXAMPLE: &str = "Examples:
  fettle endpoint traffic iris
  fettle endpoint traffic iris blue=90 green=10 --dry-run
  fettle endpoint traffic iris --mirror shadow=20
  fettle endpoint traffic iris --rule x-tenant=acme:green --sticky-header x-user";

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
pub(crate) struct Traffic {
    /// Name of the endpoint
    name: String,
    /// Percent of the traffic by deployment; they sum to 100
    #[arg(value_name = "DEPLOYMENT=PERCENT", value_parser = share)]
    split: Vec<(String, i64)>,
    /// Have a deployment answer a percent of the requests too, for comparison (at most 50)
    #[arg(long, value_name = "DEPLOYMENT=PERCENT", value_parser = share)]
    mirror: Option<(String, i64)>,
    /// How far mirrored numbers may lie apart and still agree, as a share of the greater
    #[arg(long, value_name = "SHARE", requires = "mirror", default_value_t = 0.0)]
    tolerance: f64,
    /// Stop mirroring
    #[arg(long, conflicts_with = "mirror")]
    no_mirror: bool,
    /// Send requests with this header to a deployment; a value that ends in * is a beginning. Replaces all rules
    #[arg(long, value_name = "HEADER=VALUE:DEPLOYMENT", value_parser = rule)]
    rule: Vec<Value>,
    /// Take all rules away
    #[arg(long, conflicts_with = "rule")]
    no_rules: bool,
    /// Keep requests with the same value of this header at one deployment
    #[arg(long, value_name = "HEADER", conflicts_with = "sticky_field")]
    sticky_header: Option<String>,
    /// The same by a field of the JSON body, named by its pointer: /dataframe_records/0/customer
    #[arg(long, value_name = "POINTER")]
    sticky_field: Option<String>,
    /// Route by the request id again
    #[arg(long, conflicts_with_all = ["sticky_header", "sticky_field"])]
    no_sticky: bool,
    /// Why, for the history
    #[arg(long)]
    note: Option<String>,
    /// Refuse the change if another state than this is in force by now
    #[arg(long, value_name = "NUMBER")]
    expected: Option<i64>,
    /// Show what would be, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// Name of the endpoint
    name: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Rollback {
    /// Name of the endpoint
    name: String,
    /// Number of the state to restore [default: the latest that routed otherwise]
    #[arg(long, value_name = "NUMBER")]
    to: Option<i64>,
    /// Why, for the history
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Route {
    /// Name of the endpoint
    name: String,
    /// The request's X-Request-ID, or its sticky key
    #[arg(long, value_name = "ID")]
    request_id: String,
    /// A header of the request
    #[arg(long, short = 'H', value_name = "NAME=VALUE", value_parser = pair)]
    header: Vec<(String, String)>,
    /// Number of the traffic state [default: the one in force]
    #[arg(long, value_name = "NUMBER")]
    state: Option<i64>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn share(text: &str) -> Result<(String, i64), String> {
    let (name, percent) = text
        .split_once('=')
        .ok_or("write DEPLOYMENT=PERCENT, such as blue=90")?;
    let percent = percent.trim_end_matches('%');
    let percent = percent
        .parse()
        .map_err(|_| format!("`{percent}` is not a whole number of percent"))?;
    Ok((name.to_owned(), percent))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn rule(text: &str) -> Result<Value, String> {
    let parts = text
        .split_once('=')
        .and_then(|(header, rest)| Some((header, rest.rsplit_once(':')?)));
    let (header, (value, deployment)) = parts.ok_or("write HEADER=VALUE:DEPLOYMENT, such as x-tenant=acme:green")?;
    Ok(match value.strip_suffix('*') {
        Some(prefix) => json!({ "header": header, "prefix": prefix, "deployment": deployment }),
        None => json!({ "header": header, "exact": value, "deployment": deployment }),
    })
}

impl Traffic {
    /// What is to be changed; None asks for what is.
    fn change(&self) -> Option<Value> {
        let mut body = Map::new();
        if !self.split.is_empty() {
            let split: Map<String, Value> = self
                .split
                .iter()
                .map(|(name, percent)| (name.clone(), json!(percent)))
                .collect();
            body.insert("split".to_owned(), split.into());
        }
        if let Some((deployment, percent)) = &self.mirror {
            let mirror = json!({ "deployment": deployment, "percent": percent, "tolerance": self.tolerance });
            body.insert("mirror".to_owned(), mirror);
        } else if self.no_mirror {
            body.insert("mirror".to_owned(), Value::Null);
        }
        if !self.rule.is_empty() || self.no_rules {
            body.insert("rules".to_owned(), json!(self.rule));
        }
        match (&self.sticky_header, &self.sticky_field) {
            (Some(header), _) => drop(body.insert("sticky".to_owned(), json!({ "header": header }))),
            (_, Some(field)) => drop(body.insert("sticky".to_owned(), json!({ "field": field }))),
            _ if self.no_sticky => drop(body.insert("sticky".to_owned(), Value::Null)),
            _ => {}
        }
        if body.is_empty() {
            return None;
        }
        body.insert("note".to_owned(), json!(self.note));
        body.insert("expected_number".to_owned(), json!(self.expected));
        body.insert("dry_run".to_owned(), json!(self.dry_run));
        Some(body.into())
    }
}

pub(super) async fn traffic(args: Traffic) -> Result<()> {
    let client = args.server.client()?;
    let path = below(&args.name, "traffic");
    let state = match args.change() {
        None => client.get(&path, &[]).await?,
        Some(body) => client.put(&path, &body).await?,
    };
    if let Some(moved) = state["moved_percent"].as_i64() {
        let done = if args.dry_run { "would move" } else { "moved" };
        eprintln!("{moved} % of the keys {done} to another deployment");
    }
    print_states(&args.output, std::slice::from_ref(&state), &state)
}

pub(super) async fn history(args: History) -> Result<()> {
    let states = all(&args.server.client()?, &below(&args.name, "traffic/history"), "states").await?;
    print_states(&args.output, &states, &json!({ "states": states }))
}

pub(super) async fn rollback(args: Rollback) -> Result<()> {
    let body = json!({ "number": args.to, "note": args.note });
    let state = args
        .server
        .client()?
        .post(&below(&args.name, "rollback"), &body)
        .await?;
    print_states(&args.output, std::slice::from_ref(&state), &state)
}

pub(super) async fn route(args: Route) -> Result<()> {
    let headers: Map<String, Value> = args
        .header
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let body = json!({ "request_id": args.request_id, "headers": headers, "number": args.state });
    let answer = args
        .server
        .client()?
        .post(&below(&args.name, "traffic/route"), &body)
        .await?;
    let row = ["number", "deployment", "reason", "mirrored_to"].map(|field| cell(&answer[field]));
    args.output.print(
        &["state", "deployment", "reason", "mirrored to"],
        &[row.to_vec()],
        &answer,
    )
}

pub(super) async fn mirror(args: Named) -> Result<()> {
    let answer = args.server.client()?.get(&below(&args.name, "mirror"), &[]).await?;
    let pairs = answer["pairs"].as_array().context("the server's answer has no pairs")?;
    let fields = [
        "deployment",
        "mirrored_to",
        "agreed",
        "disagreed",
        "failed",
        "dropped",
        "rows",
        "rows_disagreed",
        "disagreement",
    ];
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|pair| fields.map(|field| cell(&pair[field])).to_vec())
        .collect();
    args.output.print(&fields, &rows, &answer)
}

fn print_states(output: &OutputArgs, states: &[Value], whole: &Value) -> Result<()> {
    let row = |state: &Value| {
        let split = state["split"]
            .as_object()
            .ok_or_else(|| anyhow!("the server's answer has no split"))?;
        let split: Vec<String> = split
            .iter()
            .map(|(name, percent)| format!("{name}={percent}"))
            .collect();
        let mirror = state["mirror"]["deployment"].as_str().map_or_else(
            || "-".to_owned(),
            |name| format!("{name}={}", state["mirror"]["percent"]),
        );
        let named = ["cause", "restores", "created_by", "created_at", "note"].map(|field| cell(&state[field]));
        Ok([cell(&state["number"]), split.join(" "), mirror]
            .into_iter()
            .chain(named)
            .collect())
    };
    let rows = states.iter().map(row).collect::<Result<Vec<Vec<String>>>>()?;
    output.print(
        &["state", "traffic", "mirror", "cause", "restores", "by", "at", "note"],
        &rows,
        whole,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_percents() {
        assert_eq!(share("blue=90"), Ok(("blue".to_owned(), 90)));
        assert_eq!(share("blue=90%"), Ok(("blue".to_owned(), 90)));
        for wrong in ["blue", "blue=", "blue=9.5", "=x"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rules_have_a_header_a_value_and_a_deployment() {
        assert_eq!(
            rule("x-a=b:c"),
            Ok(json!({ "header": "x-a", "exact": "b", "deployment": "c" }))
        );
        assert_eq!(
            rule("x-a=b:d*:c"),
            Ok(json!({ "header": "x-a", "prefix": "b:d", "deployment": "c" }))
        );
        for wrong in ["x-a", "x-a=b", "x-a:b"] {
            assert!(rule(wrong).is_err(), "{wrong}");
        }
    }
}
