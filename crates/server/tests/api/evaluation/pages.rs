//! The lists of this area, page by page.

use super::v3;
use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

/// One of the lists: the call and the body that add an entry, and the call that lists.
struct List {
    add: &'static str,
    body: Value,
    list: &'static str,
    is_post: bool,
    entries: &'static str,
}

impl List {
    async fn add(&self, app: &TestApp, name: &str) {
        app.clock.set(app.clock.now_ms() + 1);
        let mut body = self.body.clone();
        body["name"] = json!(name);
        app.post(&v3(self.add), body).await.ok();
    }

    /// The names on a page, and the token of the next.
    async fn page(&self, app: &TestApp, token: &str) -> (Vec<String>, String) {
        let answer = if self.is_post {
            app.post(&v3(self.list), json!({ "max_results": 2, "page_token": token }))
                .await
        } else {
            let query = [("experiment_id", "0"), ("max_results", "2"), ("page_token", token)];
            app.get(&v3(self.list), &query).await
        }
        .ok();
        let entries = answer[self.entries].as_array().cloned().unwrap_or_default();
        let names = entries
            .iter()
            .map(|entry| entry["name"].as_str().expect("a name").to_owned());
        let token = answer["next_page_token"].as_str().unwrap_or_default();
        (names.collect(), token.to_owned())
    }
}

fn lists() -> [List; 4] {
    let list = |add, body, list, is_post, entries| List {
        add,
        body,
        list,
        is_post,
        entries,
    };
    let input = json!({ "text": {} });
    [
        list("datasets/create", json!({}), "datasets/search", true, "datasets"),
        list(
            "issues",
            json!({ "experiment_id": "0", "description": "d" }),
            "issues/search",
            true,
            "issues",
        ),
        list(
            "label-schemas/create",
            json!({ "experiment_id": "0", "type": "FEEDBACK", "input": input }),
            "label-schemas/list",
            false,
            "label_schemas",
        ),
        list(
            "review-queues/create",
            json!({ "experiment_id": "0", "queue_type": "CUSTOM" }),
            "review-queues/list",
            false,
            "review_queues",
        ),
    ]
}

on_both_databases! { MIGRATIONS;
    async fn what_is_added_meanwhile_moves_no_row_to_another_page(db: Db) {
        let app = TestApp::new(db).await;
        for list in lists() {
            for number in 0..5 {
                list.add(&app, &format!("n{number}")).await;
            }
            let (mut names, mut token) = list.page(&app, "").await;
            while !token.is_empty() {
                list.add(&app, &format!("later{}", names.len())).await;
                let (more, next) = list.page(&app, &token).await;
                names.extend(more);
                token = next;
            }
            names.retain(|name| name.starts_with('n') || name.starts_with("later"));
            assert_eq!(names, ["n4", "n3", "n2", "n1", "n0"], "{}", list.list);
        }
    }
}
