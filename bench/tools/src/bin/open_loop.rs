//! Load at a given rate, whether or not the server keeps up: an open loop.
//!
//! A request has its time before it is sent. If no connection is free then, it waits, and what it waits counts, as it
//! does for a caller. (A closed loop such as wrk asks less of a server that is slow, and so hides it.)
//!
//! usage: open_loop HOST:PORT RATE SECONDS CONNECTIONS FILE
//!
//! Each line of the file is METHOD, PATH and BODY, separated by tabs; `{n}` in a body is a number that grows.

use anyhow::{Context, Result, bail};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

struct Plan {
    address: String,
    /// Between two requests.
    interval: Duration,
    count: u64,
    started: Instant,
    /// The next request's number.
    next: AtomicU64,
    requests: Vec<[String; 3]>,
    first_number: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, rate, seconds, connections, file] = arguments.as_slice() else {
        bail!("usage: open_loop HOST:PORT RATE SECONDS CONNECTIONS FILE");
    };
    let (rate, seconds): (f64, f64) = (rate.parse()?, seconds.parse()?);
    let text = std::fs::read_to_string(file).with_context(|| file.clone())?;
    let requests = text.lines().map(|line| {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        [(); 3].map(|()| parts.next().unwrap_or_default())
    });
    let plan = Arc::new(Plan {
        address: address.clone(),
        interval: Duration::from_secs_f64(1.0 / rate),
        count: (rate * seconds) as u64,
        started: Instant::now() + Duration::from_millis(50),
        next: AtomicU64::new(0),
        requests: requests.collect(),
        first_number: std::time::UNIX_EPOCH.elapsed()?.as_micros() as u64,
    });
    let connections: usize = connections.parse()?;
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(connection(Arc::clone(&plan))))
        .collect();
    let (mut latencies, mut failures) = (Vec::new(), 0);
    for task in tasks {
        let (more, failed) = task.await??;
        latencies.extend(more);
        failures += failed;
    }
    let elapsed = plan.started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = ((latencies.len() as f64 * share) as usize).min(latencies.len().saturating_sub(1));
        latencies
            .get(index)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    };
    let report = serde_json::json!({
        "offered": rate, "achieved": latencies.len() as f64 / elapsed, "failures": failures,
        "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "p999_ms": at(0.999),
    });
    println!("{report}");
    Ok(())
}

/// Sends requests, each when its time has come, until all are sent.
async fn connection(plan: Arc<Plan>) -> Result<(Vec<Duration>, u64)> {
    let mut stream = TcpStream::connect(&plan.address).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut failures) = (Vec::new(), 0);
    let mut answer = Vec::new();
    loop {
        let number = plan.next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.count {
            return Ok((latencies, failures));
        }
        let due = plan.started + plan.interval.mul_f64(number as f64);
        tokio::time::sleep_until(due.into()).await;
        stream.write_all(&plan.request(number)).await?;
        if !succeeded(&mut stream, &mut answer).await? {
            failures += 1;
        }
        latencies.push(due.elapsed());
    }
}

impl Plan {
    fn request(&self, number: u64) -> Vec<u8> {
        let [method, path, body] = &self.requests[number as usize % self.requests.len()];
        let body = body.replace("{n}", &(self.first_number + number).to_string());
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .into_bytes()
    }
}

/// Reads one answer whole, and says whether its status is 200.
async fn succeeded(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<bool> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            bail!("the server closed the connection");
        }
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.context("an answer without its length")?.trim().parse()?;
        if answer.len() >= end + 4 + length {
            return Ok(head.starts_with("http/1.1 200"));
        }
    }
}
