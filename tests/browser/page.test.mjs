// The page in a real browser, against a server filled by `seed.py`.
//   FETTLE_URL=http://127.0.0.1:5000 FETTLE_SCREENSHOTS=shots npm test
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { address, open, openBrowser, shoot } from './browser.mjs';

let page, complaints, close;

before(async () => {
  ({ page, complaints, close } = await openBrowser());
});
after(() => close());
beforeEach(() => complaints.splice(0));

/** Calls a server may not know are asked for all the same; the browser logs each 404, the page shows an empty state. */
function unexpected() {
  return complaints.filter((text) => !(text.includes('404') && text.includes('/api/fettle/')));
}

async function experimentId(name) {
  const response = await fetch(`${address}/api/2.0/mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`);
  return (await response.json()).experiment.experiment_id;
}

async function openExperiment(name) {
  await open(page, `/experiments/${await experimentId(name)}`);
  await page.getByRole('grid', { name: 'Runs' }).getByRole('row').nth(1).waitFor();
}

const experimentLink = (name) => page.getByRole('main').getByRole('link', { name, exact: true });
const grid = () => page.getByRole('grid', { name: 'Runs' });
const runLink = (name) => grid().getByRole('link', { name, exact: true });

/** Whether something has been drawn: a canvas nobody touched is transparent everywhere. */
async function drawnPixels(canvas) {
  return canvas.evaluate((node) => {
    const { data } = node.getContext('2d').getImageData(0, 0, node.width, node.height);
    let drawn = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) drawn++;
    return drawn;
  });
}

test('the experiments are listed and can be searched', async () => {
  await open(page, '/');
  await experimentLink('flight delays').waitFor();
  await shoot(page, 'experiments');
  await page.getByLabel('Search experiments').fill('sweep');
  await experimentLink('flight delays').waitFor({ state: 'detached' });
  assert.equal(await experimentLink('churn sweep').count(), 1);
  assert.deepEqual(unexpected(), []);
});

test('an experiment is created, renamed and deleted', async () => {
  await open(page, '/experiments');
  const name = `made by a test ${Date.now()}`;
  await page.getByRole('button', { name: 'New experiment' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  await page.getByText('No runs yet').waitFor();
  await shoot(page, 'empty-experiment');
  await page.getByRole('button', { name: 'Rename experiment' }).click();
  await page.getByLabel('New name').fill(`${name}, renamed`);
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await page.getByRole('heading', { name: `${name}, renamed`, level: 1 }).waitFor();
  await page.getByRole('main').getByRole('button', { name: 'Delete experiment' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete experiment' }).click();
  await page.getByRole('heading', { name: 'Experiments', level: 1 }).waitFor();
  await experimentLink(`${name}, renamed`).waitFor({ state: 'detached' });
  assert.deepEqual(unexpected(), []);
});

test('runs are filtered with the grammar of MLflow, and a fault in it is shown', async () => {
  await openExperiment('churn sweep');
  await shoot(page, 'runs');
  await grid().getByRole('link', { name: /^boosting-/ }).first().waitFor();
  await page.keyboard.press('/');
  await page.getByLabel('Filter runs').fill("params.family = 'linear'");
  await page.keyboard.press('Enter');
  await grid().getByRole('link', { name: /^boosting-/ }).first().waitFor({ state: 'detached' });
  await grid().getByRole('link', { name: /^linear-/ }).first().waitFor();
  assert.equal(await grid().getByRole('link', { name: /^(forest|boosting)-/ }).count(), 0);
  assert.match(page.url(), /filter=/);
  assert.deepEqual(unexpected(), []);

  await page.getByLabel('Filter runs').fill('metrics.auc >');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await shoot(page, 'runs-bad-filter');
  await page.getByLabel('Filter runs').fill('forest-000');
  await page.keyboard.press('Enter');
  await runLink('forest-000').waitFor();
});

test('runs are sorted by a metric', async () => {
  await openExperiment('churn sweep');
  await grid().getByRole('button', { name: 'val/auc' }).click();
  await grid().locator('[aria-sort=descending]').waitFor();
  await page.waitForFunction(() => {
    const cells = [...document.querySelectorAll('[data-column="metrics.val/auc"]')];
    const values = cells.map((cell) => Number(cell.textContent));
    return values.length > 5 && values.every((value, index) => index === 0 || values[index - 1] >= value);
  });
  assert.deepEqual(unexpected(), []);
});

test('the table is walked with the keyboard and two runs are compared', async () => {
  await openExperiment('flight delays');
  for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
  await page.getByText('2 runs selected').waitFor();
  await shoot(page, 'runs-selected');
  await page.keyboard.press('c');
  await page.getByRole('heading', { name: 'Comparing 2 runs' }).waitFor();
  await page.getByTestId('param-layers').waitFor();
  assert.equal(await page.getByTestId('param-batch_size').count(), 0);
  await page.locator('canvas').first().waitFor();
  await page.waitForTimeout(600);
  await shoot(page, 'compare');
  await page.getByRole('button', { name: 'Only differences' }).click();
  await page.getByTestId('param-batch_size').waitFor();
  assert.deepEqual(unexpected(), []);
});

test('a run shows what was logged', async () => {
  await openExperiment('flight delays');
  await runLink('baseline-net').click();
  await page.getByRole('heading', { name: 'baseline-net' }).waitFor();
  await page.getByRole('region', { name: 'Params' }).getByText('optimizer').waitFor();
  await page.getByText('flights-2013').waitFor();
  await shoot(page, 'run');
  await page.getByRole('button', { name: 'Add tag' }).click();
  await page.getByRole('textbox', { name: 'Key' }).fill('reviewed');
  await page.getByRole('textbox', { name: 'Value' }).fill('yes');
  await page.getByRole('button', { name: 'Save tag' }).click();
  await page.getByRole('button', { name: 'Remove tag reviewed' }).click();
  await page.getByRole('button', { name: 'Remove tag reviewed' }).waitFor({ state: 'detached' });
  assert.deepEqual(unexpected(), []);
});

test('metric curves are drawn', async () => {
  await openExperiment('flight delays');
  await runLink('baseline-net').click();
  await page.getByRole('navigation', { name: 'Parts of the run' }).getByRole('link', { name: 'Charts' }).click();
  const chart = page.getByRole('img', { name: 'Curve of train/loss' }).locator('canvas');
  await chart.waitFor();
  await page.waitForTimeout(500);
  assert.ok((await drawnPixels(chart)) > 500);
  await page.getByLabel('Smoothing').fill('0.8');
  await page.getByRole('button', { name: 'Log scale' }).click();
  await page.waitForTimeout(400);
  await shoot(page, 'charts');
  await page.getByRole('img', { name: 'Curve of train/loss' }).hover();
  await page.getByText(/^step \d+$/).first().waitFor();
  assert.ok((await drawnPixels(chart)) > 500);
  await page.getByRole('button', { name: 'Log scale' }).click();
  await page.getByLabel('Smoothing').fill('0');
  assert.deepEqual(unexpected(), []);
});

test('artifacts are listed and previewed', async () => {
  await openExperiment('flight delays');
  await runLink('baseline-net').click();
  await page.getByRole('link', { name: 'Artifacts' }).click();
  const tree = page.getByRole('tree', { name: 'Artifacts' });
  await tree.getByRole('treeitem', { name: 'logs' }).click();
  await tree.getByRole('treeitem', { name: 'train.log' }).click();
  await page.getByTestId('text-preview').getByText('The curve is flat after step 300.').waitFor();
  await shoot(page, 'artifact-text');
  await tree.getByRole('treeitem', { name: 'verbose.log' }).click();
  await page.getByText('The first 256 KB').waitFor();
  await tree.getByRole('treeitem', { name: 'report' }).click();
  await tree.getByRole('treeitem', { name: 'predictions.csv' }).click();
  await page.getByRole('cell', { name: 'row 0, quoted' }).waitFor();
  await shoot(page, 'artifact-table');
  await tree.getByRole('treeitem', { name: 'summary.json' }).click();
  await page.getByTestId('text-preview').getByText('"threshold": 0.41').waitFor();
  await tree.getByRole('treeitem', { name: 'figure.png' }).click();
  const image = page.getByRole('img', { name: 'report/figure.png' });
  await image.waitFor();
  await page.waitForFunction((node) => node.naturalWidth === 320, await image.elementHandle());
  await tree.getByRole('treeitem', { name: 'index.html' }).click();
  const frame = page.frameLocator('iframe');
  await frame.getByText('Delay report').waitFor();
  assert.equal(await frame.getByText('script ran').count(), 0);
  await tree.getByRole('treeitem', { name: 'weights.bin' }).click();
  await page.getByText('No preview for this kind of file').waitFor();
  // The frame's script is refused, and chromium says so.
  assert.deepEqual(unexpected().filter((text) => !text.includes('sandboxed')), []);
});

test('a registered model shows its versions, aliases and stages', async () => {
  await open(page, '/models');
  await page.getByRole('link', { name: 'churn-forest' }).click();
  await page.getByRole('link', { name: 'Version 3' }).waitFor();
  await page.getByText('@champion').waitFor();
  assert.equal(await page.getByLabel('Stage of version 2').inputValue(), 'Production');
  await shoot(page, 'model');
  await page.getByRole('button', { name: 'Add an alias to version 1' }).click();
  await page.getByLabel('Alias', { exact: true }).fill('baseline');
  await page.getByRole('button', { name: 'Set alias' }).click();
  await page.getByRole('button', { name: 'Remove alias baseline' }).click();
  await page.getByRole('button', { name: 'Remove alias baseline' }).waitFor({ state: 'detached' });
  assert.deepEqual(unexpected(), []);
});

test('a model version shows its source run and signature', async () => {
  await open(page, '/models/churn-forest/versions/2');
  await page.getByText('tenure_months', { exact: true }).waitFor();
  await page.getByText('python_function', { exact: true }).waitFor();
  await shoot(page, 'version');
  await page.getByRole('link', { name: 'forest-10' }).click();
  await page.getByRole('heading', { name: 'forest-10' }).waitFor();
  assert.deepEqual(unexpected(), []);
});

test('a version is deployed from its page, answers, and is taken away', async () => {
  await open(page, '/models/churn-forest/versions/2');
  await page.getByRole('button', { name: 'Deploy' }).click();
  await page.getByLabel('Name', { exact: true }).fill('churn');
  await page.getByRole('button', { name: 'Create' }).click();
  // A worker process loads mlflow and compares native scoring with Python's before the endpoint is ready.
  await page.getByText(/rows? compared with Python: 0 differing/).waitFor({ timeout: 120_000 });
  await page.getByText('native', { exact: true }).waitFor();
  await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('tenure_months'));
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('"predictions"').waitFor();
  await page.getByText('Median latency').waitFor();
  await shoot(page, 'endpoint');
  await page.getByRole('button', { name: 'New deployment' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('green');
  await dialog.getByLabel('Model').fill('models:/churn-forest/2');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.waitForFunction(() => document.querySelector('[aria-label="Percent of green"]')?.disabled === false, undefined, { timeout: 120_000 });
  await page.getByLabel('Percent of green').fill('30');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByText('state 2').waitFor();
  await shoot(page, 'traffic');
  await page.getByRole('button', { name: 'Roll back' }).click();
  await page.getByText('rollback to 1').waitFor();

  await page.getByRole('button', { name: 'Routing' }).click();
  await dialog.getByRole('button', { name: 'Add rule' }).click();
  await dialog.getByLabel('Header of rule 1').fill('x-tenant');
  await dialog.getByLabel('Value of rule 1').fill('acme');
  await dialog.getByLabel('Deployment of rule 1').selectOption('green');
  await dialog.getByLabel('Sticky by').selectOption('header');
  await dialog.getByLabel('Sticky key').fill('x-user');
  await dialog.getByLabel('Mirror to').selectOption('green');
  await dialog.getByLabel('Percent mirrored').fill('20');
  await shoot(page, 'routing');
  await dialog.getByRole('button', { name: 'Apply' }).click();
  const traffic = page.getByRole('region', { name: 'Traffic', exact: true });
  await traffic.getByText('x-tenant').waitFor();
  await traffic.getByText('20 % of the requests are mirrored to green.').waitFor();
  await traffic.getByText('x-user').waitFor();
  // The dialog shows what is in force, and takes it away.
  await page.getByRole('button', { name: 'Routing' }).click();
  assert.equal(await dialog.getByLabel('Value of rule 1').inputValue(), 'acme');
  await dialog.getByRole('button', { name: 'Remove rule 1' }).click();
  await dialog.getByLabel('Mirror to').selectOption('');
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await traffic.getByText('x-tenant').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Settings' }).click();
  await dialog.getByLabel(/^Fallback/).fill('{"constant": 0.5');
  assert.equal(await dialog.getByRole('button', { name: 'Save' }).isDisabled(), true);
  await dialog.getByLabel(/^Fallback/).fill('{"constant": 0.5}');
  await dialog.getByLabel(/^Rollout policy/).fill('{"steps": [{"percent": 100}]}');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Disable' }).click();
  await dialog.getByText('{"constant":0.5}').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await open(page, '/models/churn-forest/versions/2');
  await page.getByRole('region', { name: 'Parity' }).getByText(/rows? compared with Python: 0 differing/).waitFor();
  await page.getByRole('region', { name: 'Deployments' }).getByRole('link', { name: 'churn' }).first().click();
  await page.getByRole('button', { name: 'Delete endpoint' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete endpoint' }).click();
  await page.getByRole('heading', { name: 'Endpoints', level: 1 }).waitFor();
  assert.deepEqual(unexpected(), []);
});

test('endpoints and audit say something whatever the server', async () => {
  await open(page, '/endpoints');
  await page.getByRole('main').getByText(/endpoint/i).nth(1).waitFor();
  await shoot(page, 'endpoints');
  await open(page, '/audit');
  await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
  await page.waitForTimeout(500);
  await shoot(page, 'audit');
  assert.deepEqual(unexpected(), []);
});

test('a run and its metrics appear while they are logged', async () => {
  const call = async (path, body) => {
    const answer = await fetch(`${address}/api/2.0/mlflow/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  const id = await experimentId('flight delays');
  await openExperiment('flight delays');
  const name = `live ${Date.now()}`;
  const { run } = await call('runs/create', { experiment_id: id, run_name: name, start_time: Date.now() });
  const log = (step, value) => call('runs/log-metric', { run_id: run.info.run_id, key: 'loss', value, step, timestamp: Date.now() });
  try {
    await log(0, 4);
    await log(1, 2);
    await runLink(name).waitFor({ timeout: 30_000 });
    await runLink(name).click();
    await page.getByRole('navigation', { name: 'Parts of the run' }).getByRole('link', { name: 'Charts' }).click();
    const chart = page.getByRole('region', { name: 'loss' });
    await chart.getByText('2', { exact: true }).waitFor();
    await log(2, 1.25);
    await chart.getByText('1.25', { exact: true }).waitFor();
    await call('runs/update', { run_id: run.info.run_id, status: 'FINISHED', end_time: Date.now() });
    await page.getByText('running', { exact: true }).last().waitFor({ state: 'detached' });
  } finally {
    await call('runs/delete', { run_id: run.info.run_id });
  }
  assert.deepEqual(unexpected(), []);
});

test('the chosen theme is kept', async () => {
  await open(page, '/models');
  await page.getByRole('button', { name: 'Dark theme' }).click();
  await page.reload();
  await page.getByRole('heading', { name: 'Models' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await page.getByRole('button', { name: 'Theme of the system' }).click();
});
