// MLflow's own pages in a real browser, in front of a server filled by `seed.py`: what was logged is shown, nothing
// fails on the way, and the console stays quiet.
//   FETTLE_URL=http://127.0.0.1:5000 MLFLOW_BUILD=.../mlflow/server/js/build node --test tests/stock_pages
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { address as tracking, openBrowser, shoot } from '../browser/browser.mjs';
import { servePages } from './server.mjs';

const PATIENCE_MS = 60_000;
/** A visit is over when nothing was asked for so long, or, as some pages keep asking, after the second time. */
const QUIET_MS = 700;
const SETTLE_MS = 8_000;

let page, complaints, close, pages;
let ids;
/** Answers of 400 and above, and requests without an answer, since the visit began. */
const failures = [];
let busy = new Set();
let lastTraffic = 0;

async function call(path, body) {
  const request = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${tracking}${path}`, request);
  assert.equal(response.status, 200, path);
  return response.json();
}

async function findIds() {
  const { experiments } = await call('/api/2.0/mlflow/experiments/search?max_results=100');
  const experiment = (name) => experiments.find((one) => one.name === name).experiment_id;
  const [delays, churn, support] = ['flight delays', 'churn model', 'support assistant'].map(experiment);
  const { runs } = await call('/api/2.0/mlflow/runs/search', { experiment_ids: [delays, churn] });
  const run = (name) => runs.find((one) => one.info.run_name === name).info.run_id;
  const { models } = await call('/api/2.0/mlflow/logged-models/search', { experiment_ids: [churn] });
  const location = { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: support } };
  const { traces } = await call('/api/3.0/mlflow/traces/search', { locations: [location] });
  return {
    delays, churn, support, run, model: models[0].info.model_id, trace: traces[0].trace_id,
  };
}

before(async () => {
  assert.ok(process.env.MLFLOW_BUILD, 'MLFLOW_BUILD names the folder of the stock pages');
  ids = await findIds();
  pages = await servePages(process.env.MLFLOW_BUILD, tracking);
  ({ page, complaints, close } = await openBrowser());
  page.setDefaultTimeout(PATIENCE_MS);
  // Documentation and its films are elsewhere.
  await page.route((url) => url.origin !== pages.address, (route) => route.fulfill({ status: 200, body: '' }));
  const traffic = (request, begins) => {
    // A worker's script is never reported as finished.
    if (request.url().endsWith('.worker.js')) return;
    lastTraffic = Date.now();
    if (begins) busy.add(request);
    else busy.delete(request);
  };
  page.on('request', (request) => traffic(request, true));
  page.on('requestfinished', (request) => traffic(request, false));
  page.on('requestfailed', (request) => {
    traffic(request, false);
    const reason = request.failure()?.errorText;
    // The browser gives up requests whose page was left.
    if (reason !== 'net::ERR_ABORTED') failures.push(`${request.method()} ${request.url()}: ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const request = response.request();
    const path = new URL(response.url()).pathname;
    failures.push(`${request.method()} ${path}: ${response.status()} ${request.postData() ?? ''}`);
  });
  await page.goto(pages.address);
});
after(async () => {
  await close?.();
  await pages?.stop();
});
beforeEach(() => {
  complaints.splice(0);
  failures.splice(0);
});

/** MLflow's own server does the same: it has no accounts, and the pages' layout observer complains now and then. */
const EXPECTED = [/users\/current/, /ResizeObserver loop/];

async function settle() {
  const begun = Date.now();
  while ((busy.size > 0 || Date.now() - lastTraffic < QUIET_MS) && Date.now() - begun < SETTLE_MS) {
    await page.waitForTimeout(100);
  }
}

/** Goes to an address behind `#`, waits until every text is visible, and checks that nothing went wrong. */
async function visit(hash, texts, more = []) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  for (const text of texts) {
    await page.getByText(text).filter({ visible: true }).first().waitFor();
  }
  await settle();
  quiet(more);
}

function quiet(more = []) {
  const unexpected = (text) => ![...EXPECTED, ...more].some((pattern) => pattern.test(text));
  assert.deepEqual(failures.filter(unexpected), [], 'requests that failed');
  assert.deepEqual(complaints.filter(unexpected), [], 'complaints in the console');
}

test('experiments', async () => {
  await visit('/experiments', ['flight delays', 'churn model', 'support assistant']);
  await shoot(page, 'stock-experiments');
});

test('the runs of an experiment, as a table and as charts', async () => {
  const names = ['baseline-net', 'wide-net', 'wide-net-dropout'];
  await visit(`/experiments/${ids.delays}/runs`, names);
  await visit(`/experiments/${ids.delays}/runs?compareRunsMode=CHART`, [...names, 'train/accuracy']);
  await page.locator('.js-plotly-plot .scatterlayer path.js-line').first().waitFor();
  await shoot(page, 'stock-charts');
});

test('a run: overview, curves, artifacts', async () => {
  const run = `/experiments/${ids.delays}/runs/${ids.run('baseline-net')}`;
  await visit(run, ['Predicts arrival delay from departure data.', 'train/loss', 'optimizer', 'flights-2013']);
  await shoot(page, 'stock-run');
  await visit(`${run}/model-metrics`, ['accuracy']);
  await page.locator('.js-plotly-plot .scatterlayer path.js-line').first().waitFor();
  await visit(`${run}/artifacts`, ['weights.bin', 'report']);
  await page.getByText('report', { exact: true }).click();
  await page.getByText('summary.json').click();
  await page.getByText('confusion').first().waitFor();
  await settle();
  quiet();
});

test('two runs compared', async () => {
  const runs = JSON.stringify([ids.run('baseline-net'), ids.run('wide-net')]);
  const hash = `/compare-runs?runs=${encodeURIComponent(runs)}&experiments=${encodeURIComponent(JSON.stringify([ids.delays]))}`;
  // This page stumbles over MLflow's own server too.
  await visit(hash, ['Comparing 2 Runs from 1 Experiment', 'baseline-net', 'batch_size'], [/reading 'includes'/]);
  await shoot(page, 'stock-compare');
});

test('a logged model and the run it came from', async () => {
  await visit(`/experiments/${ids.churn}/models`, ['forest-20', 'forest-5']);
  await visit(`/experiments/${ids.churn}/models/${ids.model}`, ['train_accuracy', 'n_estimators']);
  await visit(`/experiments/${ids.churn}/runs/${ids.run('forest-5')}`, ['churn-forest', 'n_estimators']);
});

test('registered models, one of them, and a version', async () => {
  await visit('/models', ['churn-forest', 'delay-net']);
  await shoot(page, 'stock-models');
  await visit('/models/churn-forest', ['Says which customers are about to leave.', 'Version 3', 'champion']);
  await visit('/models/churn-forest/versions/2', ['Retrained with the March complaints.', 'complaints', 'forest-10']);
  await shoot(page, 'stock-version');
});

test('traces, and the spans of one', async () => {
  const traces = `/experiments/${ids.support}/traces`;
  await visit(traces, ['Where is my parcel?']);
  await visit(`${traces}?selectedEvaluationId=${ids.trace}`, ['look up order', 'write answer', 'answer question']);
  await shoot(page, 'stock-trace');
});

test('prompts, and the text of one', async () => {
  await visit('/prompts', ['greeting']);
  await visit('/prompts/greeting', ['More polite']);
  await page.getByText('what can I do for you?').filter({ visible: true }).first().waitFor();
  await shoot(page, 'stock-prompt');
  quiet();
});
