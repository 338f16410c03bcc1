//! What both engines promise, from one source.

use fettle_db::{
    Column, Db, Error, Migration, StoreUri, Tx, on_both_databases, pack_template, params, testing::TestDb,
};
use std::{path::Path, time::Duration};

static MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "notes",
    "CREATE TABLE notes (id IDENTITY_KEY, name TEXT NOT NULL UNIQUE, score DOUBLE PRECISION, body BYTES,
         remark TEXT, rank BIGINT);
     CREATE TABLE counters (name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (name)) CLUSTERED;",
)];

fn insert_note(tx: &Tx, name: &str) -> Result<i64, Error> {
    tx.query_one(
        "INSERT INTO notes (name) VALUES (?1) RETURNING id",
        params![name],
        |row| row.get(0),
    )
}

async fn names(db: &Db) -> Vec<String> {
    db.read(|tx| tx.query("SELECT name FROM notes ORDER BY name", &[], |row| row.get(0)))
        .await
        .expect("names are read")
}

on_both_databases! { MIGRATIONS;
    async fn every_kind_of_value_comes_back(db: Db) {
        let row = db
            .write(|tx| {
                tx.query_one(
                    "INSERT INTO notes (name, score, body) VALUES (?1, ?2, ?3) RETURNING name, score, body",
                    params!["täg\u{1F525}", f64::MAX, vec![0_u8, 255]],
                    |row| Ok((row.get::<String>(0)?, row.get::<Option<f64>>(1)?, row.get::<Vec<u8>>(2)?)),
                )
            })
            .await;
        assert_eq!(row.expect("a row"), ("täg\u{1F525}".to_owned(), Some(f64::MAX), vec![0, 255]));
        let missing: Option<Option<f64>> = db
            .peek::<_, Error, _>(|tx| tx.query_opt("SELECT score FROM notes WHERE name = ?1", params!["nobody"], |row| row.get(0)))
            .await
            .expect("a read");
        assert_eq!(missing, None);
    }

    async fn an_error_undoes_only_its_own_work(db: Db) {
        let (kept, undone) = tokio::join!(
            db.write(|tx| insert_note(tx, "kept")),
            db.write(|tx| insert_note(tx, "undone").and_then(|_| Err::<i64, _>(Error::NoRow))),
        );
        assert!(kept.is_ok());
        assert!(matches!(undone, Err(Error::NoRow)));
        assert_eq!(names(&db).await, ["kept"]);
    }

    async fn many_statements_answer_in_their_order(db: Db) {
        db.write(|tx| insert_note(tx, "b")).await.expect("an insert");
        let found = db.write(|tx| {
            let lists = ["a", "b", "c"].map(|name| params![name].to_vec());
            let sql = "INSERT INTO notes (name) VALUES (?1) ON CONFLICT (name) DO NOTHING RETURNING name";
            tx.query_each(sql, lists, |row| row.get::<String>(0))
        });
        assert_eq!(found.await.expect("rows"), [Some("a".to_owned()), None, Some("c".to_owned())]);
    }

    async fn a_taken_key_is_told_apart(db: Db) {
        db.write(|tx| insert_note(tx, "once")).await.expect("the first insert");
        let again = db.write(|tx| insert_note(tx, "once")).await;
        assert!(again.expect_err("the name is taken").is_unique_violation());
    }

    async fn text_with_nul_is_refused(db: Db) {
        let written = db.write(|tx| insert_note(tx, "a\0b")).await;
        assert!(matches!(written, Err(Error::NulInText)), "{written:?}");
        db.write(|tx| insert_note(tx, "after")).await.expect("the store goes on");
    }

    async fn a_panic_ends_one_transaction_and_not_the_store(db: Db) {
        let panicked: Result<i64, Error> = db.write(|tx| { insert_note(tx, "lost")?; panic!("a defect") }).await;
        assert!(matches!(panicked, Err(Error::Aborted)));
        db.write(|tx| insert_note(tx, "after")).await.expect("the store goes on");
        assert_eq!(names(&db).await, ["after"]);
    }

    async fn many_writers_lose_nothing(db: Db) {
        let writers: Vec<_> = (0..200)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.write(|tx| {
                        tx.execute(
                            "INSERT INTO counters (name, value) VALUES ('hits', 1)
                             ON CONFLICT (name) DO UPDATE SET value = counters.value + 1",
                            &[],
                        )
                    })
                    .await
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("no panic").expect("no error");
        }
        let hits = db.read(|tx| tx.query_one("SELECT value FROM counters", &[], |row| row.get::<i64>(0))).await;
        assert_eq!(hits.expect("the counter"), 200);
    }

    async fn gathered_callers_each_get_their_own_answer(db: Db) {
        let notes = db.gather(|tx, names: &[String]| {
            let places: Vec<usize> = (0..names.len()).filter(|&place| names[place] != "refused").collect();
            let kept: Vec<&str> = places.iter().map(|&place| names[place].as_str()).collect();
            tx.insert_rows("notes (name)", &[Column::Texts(kept)], "")?;
            Ok(names.iter().map(|name| if name == "refused" { Err(Error::NoRow) } else { Ok(name.clone()) }).collect())
        });
        let callers: Vec<_> = (0..300)
            .map(|number| {
                let notes = notes.clone();
                let name = if number % 10 == 0 { "refused".to_owned() } else { format!("note {number:03}") };
                tokio::spawn(async move { (name.clone(), notes.write(name).await) })
            })
            .collect();
        for caller in callers {
            match caller.await.expect("no panic") {
                (name, Err(error)) => assert!(name == "refused" && matches!(error, Error::NoRow), "{name}: {error}"),
                (name, Ok(answer)) => assert_eq!(name, answer),
            }
        }
        assert_eq!(names(&db).await.len(), 270);
    }

    async fn one_item_that_fails_does_not_fail_its_group(db: Db) {
        let notes = db.gather(|tx, names: &[String]| {
            tx.insert_rows("notes (name)", &[Column::Texts(names.iter().map(String::as_str).collect())], "")?;
            assert!(!names.iter().any(|name| name == "a defect"), "a defect");
            Ok(names.iter().map(|_| Ok::<_, Error>(())).collect())
        });
        let write = |name: &str| { let (notes, name) = (notes.clone(), name.to_owned()); async move { notes.write(name).await } };
        write("taken").await.expect("the first of its name");
        let (a, b, c, d, e) =
            tokio::join!(write("a"), write("taken"), write("b"), write("a defect"), write("c\0"));
        assert!(a.is_ok() && c.is_ok(), "{a:?} {c:?}");
        assert!(b.expect_err("the name is taken").is_unique_violation());
        assert!(matches!(d, Err(Error::Aborted)), "{d:?}");
        assert!(matches!(e, Err(Error::NulInText)), "{e:?}");
        assert_eq!(names(&db).await, ["a", "b", "taken"]);
    }

    async fn columns_become_rows(db: Db) {
        let changed = db.write(|tx| tx.insert_rows(
            "notes (id, name, score, body)",
            &[
                Column::Ints(vec![1, 2]),
                Column::Texts(vec!["one", "täg"]),
                Column::Reals(vec![f64::MIN, 0.1]),
                Column::Bytes(vec![&[0, 255], &[]]),
            ],
            "ON CONFLICT (id) DO NOTHING",
        )).await;
        assert_eq!(changed.expect("an insert"), 2);
        let rows = db.read(|tx| tx.query("SELECT id, name, score, body FROM notes ORDER BY id", &[], |row| {
            Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<f64>(2)?, row.get::<Vec<u8>>(3)?))
        })).await;
        let expected = [(1, "one".to_owned(), f64::MIN, vec![0, 255]), (2, "täg".to_owned(), 0.1, vec![])];
        assert_eq!(rows.expect("rows"), expected);
        let none = db.write(|tx| tx.insert_rows("notes (name)", &[Column::Texts(Vec::new())], "")).await;
        assert_eq!(none.expect("nothing to do"), 0);
    }

    async fn rows_that_were_inserted_come_back(db: Db) {
        db.write(|tx| insert_note(tx, "b")).await.expect("an insert");
        let mut made: Vec<(String, Option<String>, Option<i64>)> = db.write(|tx| tx.insert_rows_returning(
            "notes (name, remark, rank)",
            &[
                Column::Texts(vec!["a", "b", "c"]),
                Column::MaybeTexts(vec![None, Some("taken"), Some("new")]),
                Column::MaybeInts(vec![Some(7), Some(8), None]),
            ],
            "ON CONFLICT (name) DO NOTHING RETURNING name, remark, rank",
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )).await.expect("rows");
        made.sort();
        assert_eq!(made, [("a".to_owned(), None, Some(7)), ("c".to_owned(), Some("new".to_owned()), None)]);
        assert_eq!(names(&db).await, ["a", "b", "c"]);
        let nul = db.write(|tx| tx.insert_rows("notes (name, remark)", &[
            Column::Texts(vec!["d"]), Column::MaybeTexts(vec![Some("a\0b")]),
        ], "")).await;
        assert!(matches!(nul, Err(Error::NulInText)), "{nul:?}");
    }

    async fn readers_cannot_write(db: Db) {
        assert!(db.read(|tx| insert_note(tx, "sneaky")).await.is_err());
        assert!(names(&db).await.is_empty());
    }

    async fn like_is_case_sensitive_and_backslash_is_plain(db: Db) {
        db.write(|tx| insert_note(tx, r"a\Bc")).await.expect("an insert");
        for (pattern, found) in [(r"a\B%", 1), (r"a\b%", 0), ("_\\B_", 1), ("A%", 0)] {
            let count = db
                .read(move |tx| {
                    let pattern = tx.like_pattern(pattern);
                    tx.query_one("SELECT COUNT(*) FROM notes WHERE name LIKE ?1", params![pattern], |row| row.get::<i64>(0))
                })
                .await;
            assert_eq!(count.expect("a count"), found, "{pattern}");
        }
    }

    async fn rows_are_found_by_a_set_of_keys(db: Db) {
        let found = db
            .write(|tx| {
                let ids = ["a", "b", "c"].map(|name| insert_note(tx, name).unwrap_or_default());
                tx.query(
                    "SELECT name FROM notes WHERE id IN_IDS(?1) AND name <> ?2 ORDER BY name",
                    params![vec![ids[0], ids[2], 999], "c"],
                    |row| row.get::<String>(0),
                )
            })
            .await;
        assert_eq!(found.expect("rows"), ["a"]);
    }

    async fn one_statement_runs_for_many_rows(db: Db) {
        let changed = db
            .write(|tx| {
                let rows: Vec<_> = (0..1000).map(|i| [fettle_db::Param::from(format!("n{i}"))]).collect();
                tx.execute_each("INSERT INTO notes (name) VALUES (?1)", rows)
            })
            .await;
        assert_eq!(changed.expect("inserts"), 1000);
        assert_eq!(names(&db).await.len(), 1000);
    }
}

static NEWER: &[Migration] = &[
    Migration::new(1, "notes", MIGRATIONS[0].sql),
    Migration::new(2, "more", "CREATE TABLE more (id IDENTITY_KEY);"),
];
static EDITED: &[Migration] = &[Migration::new(1, "notes", "CREATE TABLE other (id IDENTITY_KEY);")];

async fn schemas_are_guarded(test: TestDb) {
    Db::open(&test.uri, NEWER, 0).await.expect("a newer fettle upgrades");
    let older = Db::open(&test.uri, MIGRATIONS, 0).await;
    assert!(matches!(
        older.err(),
        Some(Error::SchemaFromTheFuture { found: 2, known: 1 })
    ));
    let edited = Db::open(&test.uri, EDITED, 0).await;
    assert!(edited.is_err());
}

static STEPS: [Migration; 3] = [
    Migration::new(1, "old", "CREATE TABLE notes (body TEXT);"),
    Migration::new(2, "new", "ALTER TABLE notes ADD COLUMN name TEXT;"),
    Migration::new(3, "newest", "ALTER TABLE notes ADD COLUMN rank BIGINT;"),
];

/// Has a template after its second step, with a table more than the steps make.
async fn with_template(path: &Path) -> &'static [Migration] {
    let made = open(path, &STEPS[..2], 0).await;
    made.write(|tx| tx.execute_script("CREATE TABLE mark (id BIGINT);"))
        .await
        .expect("a table");
    drop(made);
    let template: &'static [u8] = pack_template(path).leak();
    let [old, new, newest] = STEPS.clone();
    vec![old, new.with_template(template), newest].leak()
}

async fn open(path: &Path, migrations: &'static [Migration], now_ms: i64) -> Db {
    let uri = StoreUri::Sqlite(path.to_owned());
    Db::open(&uri, migrations, now_ms).await.expect("a store")
}

async fn column(db: &Db, sql: &'static str) -> Vec<String> {
    db.read(move |tx| tx.query(sql, &[], |row| row.get(0)))
        .await
        .expect("rows")
}

const COLUMNS: &str = "SELECT name FROM pragma_table_info('notes') ORDER BY cid";
const MARKS: &str = "SELECT name FROM sqlite_schema WHERE name = 'mark'";

#[tokio::test]
async fn new_stores_begin_with_the_template() {
    let folder = tempfile::tempdir().expect("a folder");
    let migrations = with_template(&folder.path().join("made")).await;
    let path = folder.path().join("new");
    let opened = (0..4).map(|_| open(&path, migrations, 7));
    for db in futures::future::join_all(opened).await {
        assert_eq!(column(&db, COLUMNS).await, ["body", "name", "rank"]);
        assert_eq!(column(&db, MARKS).await, ["mark"]);
    }
    let later = open(&path, migrations, 8).await;
    let times = "SELECT CAST(applied_at AS TEXT) FROM schema_migrations ORDER BY version";
    assert_eq!(column(&later, times).await, ["7", "7", "7"]);
    let left = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name());
    let strangers: Vec<_> = left.filter(|name| !name.to_string_lossy().starts_with("new")).collect();
    assert_eq!(strangers, ["made"]);
}

#[tokio::test]
async fn stores_that_have_begun_go_on_step_by_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let migrations = with_template(&folder.path().join("made")).await;
    let begun = folder.path().join("begun");
    drop(open(&begun, &STEPS[..1], 0).await);
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").expect("a file");
    // The log of a store that is gone.
    let gone = folder.path().join("gone");
    std::fs::write(folder.path().join("gone-wal"), "left").expect("a file");
    for path in [begun, empty, gone] {
        let db = open(&path, migrations, 0).await;
        assert_eq!(
            column(&db, COLUMNS).await,
            ["body", "name", "rank"],
            "{}",
            path.display()
        );
        assert!(column(&db, MARKS).await.is_empty(), "{}", path.display());
    }
}

#[tokio::test]
async fn sqlite_schemas_are_guarded() {
    schemas_are_guarded(TestDb::sqlite(MIGRATIONS).await).await;
}

#[tokio::test]
async fn postgres_schemas_are_guarded() {
    schemas_are_guarded(TestDb::postgres(MIGRATIONS).await).await;
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let test = TestDb::postgres(MIGRATIONS).await;
    let at_once = (0..4).map(|_| test.db.read(|tx| connections(tx, "SELECT pg_sleep(0.3)")));
    let counts = futures::future::try_join_all(at_once).await.expect("reads");
    assert!(counts.iter().any(|&count| count >= 4), "{counts:?}");
    // Longer than a connection may be idle.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut left = i64::MAX;
    // PostgreSQL needs a moment to end them.
    for _ in 0..100 {
        left = test.db.read(|tx| connections(tx, "SELECT 1")).await.expect("a read");
        if left == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left, 1);
}

fn connections(tx: &Tx, first: &'static str) -> Result<i64, Error> {
    tx.execute(first, &[])?;
    let count = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()";
    tx.query_one(count, &[], |row| row.get(0))
}

#[tokio::test]
async fn a_folder_in_the_way_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let uri = fettle_db::StoreUri::Sqlite(folder.path().to_owned());
    let error = Db::open(&uri, MIGRATIONS, 0).await.err().expect("a folder is no store");
    assert!(
        error.to_string().contains(&folder.path().display().to_string()),
        "{error}"
    );
}
