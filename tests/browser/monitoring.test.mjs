// The monitoring pages in a real browser: three hours of a model's answers, of which the second has drifted.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { address, open, openBrowser, shoot } from './browser.mjs';

const HOUR = 3_600_000;
const ROWS = 300;
const NOW = Math.floor(Date.now() / 60_000) * 60_000;
let page, complaints, close;

async function call(method, path, body, type = 'application/json') {
  const answer = await fetch(`${address}/api/fettle/v1/${path}`, {
    method,
    headers: { 'Content-Type': type },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text || 'null');
}

const ages = (middle) => Array.from({ length: ROWS }, (_, row) => middle + 10 * Math.sin(0.7 * row));

/** A request of many rows in the middle of an hour, and its answer. */
function exchange(hours, middle) {
  const rows = ages(middle);
  const event = (kind, data) =>
    JSON.stringify({
      specversion: '1.0', id: `hour-${hours}-${kind}`, source: '/endpoints/watched/deployments/blue',
      type: `fettle.inference.${kind}`, correlationid: `hour-${hours}`, modelname: 'watched', modelversion: '1',
      time: new Date(NOW - hours * HOUR - HOUR / 2).toISOString(), httpstatus: 200, latencyus: 2500, data,
    });
  const question = { dataframe_split: { columns: ['age'], data: rows.map((age) => [age]) } };
  return `${event('request', question)}\n${event('response', { predictions: rows.map((age) => Number(age > 50)) })}\n`;
}

function failure() {
  const event = (kind, more) =>
    JSON.stringify({
      specversion: '1.0', id: `broken-${kind}`, source: '/endpoints/watched/deployments/blue',
      type: `fettle.inference.${kind}`, correlationid: 'broken', modelname: 'watched', modelversion: '1',
      time: new Date(NOW - 60_000).toISOString(), ...more,
    });
  const answer = { httpstatus: 503, latencyus: 900, data: { message: 'the worker is gone' } };
  return `${event('request', { data: { inputs: [[1]] } })}\n${event('response', answer)}\n`;
}

/** A version of a run whose training dataset is the program that made it. */
async function register(name) {
  const mlflow = (path, body) => call('POST', `../../2.0/mlflow/${path}`, body);
  const { run } = await mlflow('runs/create', { experiment_id: '0', start_time: NOW });
  const dataset = { name: 'people', digest: '1', source_type: 'code', source: '{}' };
  const tags = [{ key: 'mlflow.data.context', value: 'training' }];
  await mlflow('runs/log-inputs', { run_id: run.info.run_id, datasets: [{ dataset, tags }] });
  const source = `${run.info.artifact_uri}/model`;
  const file = source.replace('mlflow-artifacts:/', '../../2.0/mlflow-artifacts/artifacts/');
  await call('PUT', `${file}/MLmodel`, 'flavors: {}\n', 'application/octet-stream');
  await mlflow('registered-models/create', { name });
  await mlflow('model-versions/create', { name, source, run_id: run.info.run_id });
}

async function run(hours) {
  const window = { window_start: new Date(NOW - (hours + 1) * HOUR).toISOString(), window_end: new Date(NOW - hours * HOUR).toISOString() };
  const answer = await call('POST', 'monitors/watched/run', window);
  await call('POST', 'alert-rules/watched.drift/evaluate', {});
  return answer.runs[0].verdict;
}

before(async () => {
  const csv = ['age,prediction', ...ages(40).map((age) => `${age},${Number(age > 50)}`)].join('\n');
  await call('POST', 'baselines/upload?model_name=watched&model_version=1', csv, 'text/csv');
  for (const [hours, middle] of [[3, 40], [2, 60], [1, 40]]) {
    await call('POST', 'capture/events', exchange(hours, middle), 'application/x-ndjson');
    const labels = ages(middle).slice(0, 240).map((age, row) => `hour-${hours},${row},${Number(age > 50)}`);
    const truth = ['correlationid,row_index,label', ...labels].join('\n');
    await call('POST', 'endpoints/watched/ground-truth', truth, 'text/csv');
  }
  await call('POST', 'capture/events', failure(), 'application/x-ndjson');
  const production_data = { data_window: { lookback_window_size: 'PT1H' } };
  await call('POST', 'monitors', {
    name: 'watched',
    monitoring_target: { ml_task: 'classification', endpoint_deployment_id: 'watched:blue' },
    monitoring_signals: {
      drift: { type: 'data_drift', production_data },
      performance: { type: 'model_performance', production_data, metric_thresholds: { accuracy: 0.8 } },
    },
  });
  assert.deepEqual([await run(3), await run(2), await run(1)], ['ok', 'alarm', 'ok']);
  ({ page, complaints, close } = await openBrowser());
});
after(() => close?.());
beforeEach(() => complaints.splice(0));

const chart = (name) => page.getByRole('img', { name });

test('monitors are listed with their verdicts', async () => {
  await open(page, '/monitoring');
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'watched', exact: true }).first() });
  await row.getByText('ok', { exact: true }).waitFor();
  await row.getByText('drift, performance').waitFor();
  await shoot(page, 'monitors');
  assert.deepEqual(complaints, []);
});

test('a signal is drawn over time, and a window shows both distributions', async () => {
  await open(page, '/monitoring/monitors/watched');
  await chart(/^alarms over 3 windows/).waitFor();
  await page.getByRole('group', { name: 'Signals' }).getByRole('combobox').selectOption('age');
  const distance = chart(/^normalized_wasserstein_distance over 3 windows/);
  await distance.waitFor();
  // One diamond for the alarm, a circle for each of the others, and the threshold.
  assert.equal(await distance.locator('g.alarm').count(), 1);
  assert.equal(await distance.locator('g.ok').count(), 2);
  assert.match(await distance.locator('path.threshold').getAttribute('d'), /^M.*L/);
  assert.match(await distance.locator('g.alarm title').textContent(), /threshold 0\.1 \(alarm\)/);

  const window = page.getByRole('region', { name: 'What one window showed' });
  await window.getByRole('combobox').selectOption({ index: 1 });
  await window.getByText(/^1 of 1 changed: age/).waitFor();
  const row = window.getByRole('row').filter({ hasText: 'age' });
  await row.getByText('alarm', { exact: true }).waitFor();
  const bars = row.getByRole('img', { name: 'Distribution of age: reference and current' });
  const height = async (kind) => {
    const heights = await bars.locator(`rect.${kind}`).evaluateAll((all) => all.map((bar) => Number(bar.getAttribute('height'))));
    return heights.reduce((sum, each) => sum + each, 0);
  };
  assert.ok((await height('reference')) > 0 && (await height('current')) > 0);
  await shoot(page, 'monitor');
  assert.deepEqual(complaints, []);
});

test('performance is shown with the coverage of its truth', async () => {
  await open(page, '/monitoring/monitors/watched');
  await page.getByRole('group', { name: 'Signals' }).getByRole('button', { name: 'performance' }).click();
  await chart(/^label_coverage over 3 windows/).waitFor();
  await chart(/^accuracy over 3 windows/).waitFor();
  const window = page.getByRole('region', { name: 'What one window showed' });
  const coverage = window.getByRole('row').filter({ hasText: 'label coverage' });
  await coverage.getByRole('cell', { name: /^0\.8\b/ }).waitFor();
  await coverage.getByText(/^0\.\d+ to 0\.\d+$/).waitFor();
  assert.deepEqual(complaints, []);
});

test("a version's page says what its baseline is, or why there is none", async () => {
  await register('based');
  const card = page.getByRole('region', { name: 'Baseline' });
  const shown = async (text) => {
    await open(page, '/models/based/versions/1');
    await card.getByText(text).waitFor();
  };
  await shown(/There is none of .*: The dataset does not say where its rows lie .*fettle baseline create --file/);
  await shoot(page, 'baseline-failed');
  const csv = ['age', ...ages(40)].join('\n');
  await call('POST', 'baselines/upload?model_name=based&model_version=1', csv, 'text/csv');
  await shown('300 rows: uploaded');
  await card.getByText(/^ready,/).waitFor();
  await shoot(page, 'baseline');
  assert.deepEqual(complaints, []);
});

test('the history of an alert is kept', async () => {
  await open(page, '/monitoring/alerts');
  await page.getByLabel('State').selectOption('resolved');
  await page.getByRole('button', { name: 'watched.drift' }).click();
  const steps = page.getByRole('listitem');
  await steps.filter({ hasText: /→ firing/ }).first().waitFor();
  await steps.filter({ hasText: /→ resolved/ }).first().waitFor();
  await shoot(page, 'alerts');
  assert.deepEqual(complaints, []);
});

test('requests are searched, and a failure says why', async () => {
  await open(page, '/monitoring/requests');
  const form = page.getByRole('form', { name: 'Search requests' });
  await form.getByLabel('Since').fill('6h');
  await form.getByLabel('Endpoint').fill('watched');
  await form.getByRole('button', { name: 'Search' }).click();
  for (const id of ['hour-1', 'hour-2', 'hour-3']) await page.getByText(id, { exact: true }).waitFor();
  await form.getByLabel('Status').selectOption('5xx');
  await form.getByRole('button', { name: 'Search' }).click();
  await page.getByText('hour-1', { exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'broken' }).click();
  await page.getByText(/the worker is gone/).waitFor();
  await shoot(page, 'requests');
  assert.deepEqual(complaints, []);
});
