//! The same rows as Parquet, CSV and JSON lines: read alike, compared alike.

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    types::Int32Type,
};
use fettle_stats::{
    compare::rule::{Profile, Rule},
    compare::verdict::State,
    profile::{Kind, Settings, column::Column},
    quality::QualityRule,
    sketch::mix,
};
use fettle_tables::{
    Error, Table,
    compare::{self, Compared, Options},
    pairs::{self, Cell},
};
use parquet::arrow::ArrowWriter;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

struct Rows {
    amount: Vec<Option<f64>>,
    count: Vec<i32>,
    city: Vec<Option<&'static str>>,
    member: Vec<bool>,
}

const CITIES: [&str; 4] = ["Berlin", "Lyon", "São Paulo", "a \"quoted\", city"];

fn rows(seed: u64, count: u64, shift: f64) -> Rows {
    let uniform = |salt: u64, row: u64| (mix(seed + salt, row) >> 11) as f64 / (1_u64 << 53) as f64;
    let amount = |row| {
        let value = (0..4).map(|part| uniform(10 + part, row)).sum::<f64>() + shift;
        (uniform(1, row) > 0.05).then_some((value * 1e6).round() / 1e6)
    };
    let city = |row| (uniform(2, row) > 0.02).then_some(CITIES[(uniform(3, row).powi(2) * 4.0) as usize]);
    Rows {
        amount: (0..count).map(amount).collect(),
        count: (0..count).map(|row| (uniform(4, row) * 200.0) as i32).collect(),
        city: (0..count).map(city).collect(),
        member: (0..count).map(|row| uniform(5, row) > 0.3).collect(),
    }
}

fn write_parquet(path: &Path, rows: &Rows) {
    let nested = rows.count.iter().map(|&count| Some(vec![Some(count)]));
    let columns: [(&str, ArrayRef); 6] = [
        ("amount", Arc::new(Float64Array::from(rows.amount.clone()))),
        ("count", Arc::new(Int32Array::from(rows.count.clone()))),
        ("city", Arc::new(StringArray::from(rows.city.clone()))),
        ("member", Arc::new(BooleanArray::from(rows.member.clone()))),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from_iter_values(
                rows.count.iter().map(|&count| i64::from(count) * 1000),
            )),
        ),
        (
            "nested",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(nested)),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of equal length");
    let file = File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

fn write_csv(path: &Path, rows: &Rows) {
    let mut text = String::from("amount,count,city,member\n");
    for row in 0..rows.count.len() {
        let amount = rows.amount[row].map_or_else(String::new, |amount| amount.to_string());
        let city = rows.city[row].map_or_else(|| "NA".to_owned(), |city| format!("\"{}\"", city.replace('"', "\"\"")));
        let member = if rows.member[row] { "True" } else { "False" };
        let _ = writeln!(text, "{amount},{},{city},{member}", rows.count[row]);
    }
    std::fs::write(path, text).expect("a file");
}

fn write_json_lines(path: &Path, rows: &Rows) {
    let mut text = String::new();
    for row in 0..rows.count.len() {
        let mut object =
            serde_json::json!({ "count": rows.count[row], "city": rows.city[row], "member": rows.member[row] });
        // A key that is absent is missing, as one that is null.
        if let Some(amount) = rows.amount[row] {
            object["amount"] = amount.into();
        }
        let _ = writeln!(text, "{object}");
    }
    std::fs::write(path, text).expect("a file");
}

fn options(profile: Profile) -> Options {
    Options {
        rule: Rule::of(profile),
        quality: QualityRule::default(),
        columns: Vec::new(),
        memory: 64 * 1024 * 1024,
        threads: 2,
    }
}

fn open(path: &Path) -> Table {
    Table::open(path).expect("a table")
}

fn compared(options: &Options, reference: &Path, current: &Path) -> Compared {
    compare::files(options, &open(reference), &open(current), &|_, _| {}).expect("two tables")
}

/// Two sets of files, without and with a shift.
fn files(folder: &Path) -> Vec<[PathBuf; 2]> {
    let (before, now) = (rows(1, 3_000, 0.0), rows(100, 2_500, 0.15));
    let pair = |ending: &str| ["before", "now"].map(|name| folder.join(name).with_extension(ending));
    let all = ["parquet", "csv", "jsonl"].map(pair);
    for (write, pair) in [write_parquet, write_csv, write_json_lines].into_iter().zip(&all) {
        write(&pair[0], &before);
        write(&pair[1], &now);
    }
    all.into()
}

#[test]
fn formats_are_read_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = files(folder.path());
    let columns = |path: &Path| -> BTreeMap<String, Column> {
        let profile = open(path)
            .profile(Settings::default(), &BTreeMap::new(), &|name| name != "at")
            .expect("rows");
        profile
            .columns
            .into_iter()
            .map(|(name, column)| (name, column.into_column()))
            .collect()
    };
    let of_parquet = columns(&files[0][0]);
    assert_eq!(
        of_parquet.keys().collect::<Vec<_>>(),
        ["amount", "city", "count", "member"]
    );
    assert_eq!(
        of_parquet.values().map(|column| column.kind).collect::<Vec<_>>(),
        [
            Some(Kind::Float),
            Some(Kind::Text),
            Some(Kind::Integer),
            Some(Kind::Boolean)
        ]
    );
    assert!(of_parquet["amount"].missing > 100 && of_parquet["city"].missing > 30);
    for text in [&files[1][0], &files[2][0]] {
        let of_text = columns(text);
        for (name, column) in &of_parquet {
            let other = &of_text[name];
            assert_eq!(
                (column.rows, column.missing, &column.data),
                (other.rows, other.missing, &other.data),
                "{name}"
            );
        }
    }
}

#[test]
fn formats_are_compared_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = files(folder.path());
    for profile in [
        Profile::Fettle,
        Profile::Evidently,
        Profile::Azure,
        Profile::Nannyml,
        Profile::PsiClassic,
    ] {
        let mut options = options(profile);
        options.columns = ["amount", "city", "count", "member"].map(str::to_owned).into();
        let (expected, expected_quality) = compared(&options, &files[0][0], &files[0][1]);
        let finds_it = matches!(profile, Profile::Fettle | Profile::Azure);
        assert!(expected.drifted || !finds_it, "{profile:?}");
        for (reference, current) in [(1, 1), (2, 2), (0, 1), (2, 0)] {
            let (comparison, quality) = compared(&options, &files[reference][0], &files[current][1]);
            assert_eq!(quality.len(), expected_quality.len());
            for (ours, theirs) in comparison.columns.iter().zip(&expected.columns) {
                let what = format!("{} by {profile:?}", ours.column);
                assert_eq!((&ours.column, ours.state), (&theirs.column, theirs.state), "{what}");
                let (a, b) = (
                    ours.effect.expect("compared").value,
                    theirs.effect.expect("compared").value,
                );
                assert!((a - b).abs() < 1e-12, "{what}: {a} and {b}");
            }
        }
    }
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = files(folder.path());
    let (comparison, _) = compared(&options(Profile::Fettle), &files[0][0], &files[1][1]);
    assert_eq!(comparison.missing_columns, ["at"]);
    let (comparison, _) = compared(&options(Profile::Fettle), &files[0][0], &files[0][1]);
    let at = comparison
        .columns
        .iter()
        .find(|column| column.column == "at")
        .expect("times are listed");
    assert_eq!(
        (at.state, at.reason.as_str()),
        (State::NotCompared, "time only moves on")
    );
    let mut options = options(Profile::Fettle);
    options.columns = vec!["amuont".to_owned()];
    let wrong = compare::files(&options, &open(&files[1][0]), &open(&files[1][1]), &|_, _| {});
    assert!(matches!(wrong, Err(Error::NoColumn { column, .. }) if column == "amuont"));
}

#[test]
fn little_memory_samples_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["before", "now"].map(|name| folder.path().join(name).with_extension("parquet"));
    write_parquet(&paths[0], &rows(1, 60_000, 0.0));
    write_parquet(&paths[1], &rows(100, 40_000, 0.15));
    let mut options = options(Profile::Fettle);
    options.memory = 0;
    let (comparison, _) = compared(&options, &paths[0], &paths[1]);
    let amount = comparison
        .columns
        .iter()
        .find(|column| column.column == "amount")
        .expect("amounts");
    let significance = amount.significance.expect("a test");
    assert!(significance.is_sampled);
    assert_eq!(
        (significance.reference_rows, significance.current_rows),
        (10_000, 10_000)
    );
    assert_eq!(amount.state, State::Drift);
    assert!(
        (amount.effect.expect("an effect").value - 0.26).abs() < 0.04,
        "{:?}",
        amount.effect
    );
}

#[test]
fn bad_files_are_refused_with_their_name_and_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let message = |path: &Path| {
        let read = Table::open(path).and_then(|table| table.profile(Settings::default(), &BTreeMap::new(), &|_| true));
        read.expect_err("not a table").to_string()
    };
    assert!(message(&file("a.parquet", "no Parquet")).contains("a.parquet` is not a Parquet file"));
    assert!(message(&file("a.csv", "a,b\n1,2\n1,2,3\n")).contains("a.csv`"));
    assert!(message(&file("twice.csv", "a,a\n1,2\n")).contains("two columns named `a`"));
    assert!(message(&file("a.jsonl", "{\"a\": 1}\n\n{\"a\": 1}}\n")).contains("a.jsonl` line 3: "));
    assert!(message(&file("b.jsonl", "[1]\n")).contains("line 1: "));
    assert!(message(&file("a.xlsx", "")).contains(".parquet, .csv, .tsv, .jsonl or .ndjson"));
    assert!(message(&folder.path().join("absent.csv")).contains("cannot read"));
}

#[test]
fn truth_and_answers_row_by_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = files(folder.path());
    let expected = pairs::read(&open(&all[0][0]), "amount", "city").expect("pairs");
    assert!(expected.predictions < 3_000 && expected.labels < expected.predictions);
    assert!(matches!(expected.rows[0], (Cell::Number(_), Cell::Text(_))));
    for text in [&all[1][0], &all[2][0]] {
        let pairs = pairs::read(&open(text), "amount", "city").expect("pairs");
        assert_eq!(
            (pairs.predictions, pairs.labels, &pairs.rows),
            (expected.predictions, expected.labels, &expected.rows)
        );
        assert!(matches!(
            pairs::read(&open(text), "amount", "town"),
            Err(Error::NoColumn { .. })
        ));
    }
}
