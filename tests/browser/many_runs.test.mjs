// Ten thousand runs in the table. The search is answered here, so that the page alone is tried and timed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { open, openBrowser, shoot } from './browser.mjs';

const RUNS = 10_000;
const KEYS = 40;
let page, complaints, close;

before(async () => {
  ({ page, complaints, close } = await openBrowser());
});
after(() => close());

function run(index) {
  const keys = Array.from({ length: KEYS }, (_, key) => key);
  return {
    info: {
      run_id: index.toString(16).padStart(32, '0'), experiment_id: '0', run_name: `run-${index}`, status: 'FINISHED',
      start_time: 1_760_000_000_000 - index * 60_000, end_time: 1_760_000_030_000 - index * 60_000, lifecycle_stage: 'active',
    },
    data: {
      metrics: keys.map((key) => ({ key: `metric_${key}`, value: (index * (key + 1)) % 997, timestamp: 1, step: 0 })),
      params: keys.map((key) => ({ key: `param_${key}`, value: `${(index + key) % 13}` })),
    },
  };
}

async function answerSearch(route) {
  const { page_token: token, max_results: wanted } = route.request().postDataJSON();
  const from = Number(token ?? 0);
  const to = Math.min(RUNS, from + wanted);
  const runs = Array.from({ length: to - from }, (_, offset) => run(from + offset));
  await route.fulfill({ json: { runs, ...(to < RUNS ? { next_page_token: `${to}` } : {}) } });
}

test('ten thousand runs are paged in and scrolled, with few of them in the document', async (t) => {
  await page.route('**/runs/search', answerSearch);
  await open(page, '/experiments/0');
  const grid = page.getByRole('grid', { name: 'Runs' });
  await grid.getByRole('link', { name: 'run-0', exact: true }).waitFor();

  const began = Date.now();
  for (let loaded = 0; loaded < RUNS + 1; ) {
    await grid.evaluate((node) => (node.scrollTop = node.scrollHeight));
    await page.waitForTimeout(20);
    loaded = Number(await grid.getAttribute('aria-rowcount'));
    assert.ok(Date.now() - began < 60_000, `only ${loaded} rows after a minute`);
  }
  t.diagnostic(`all pages in ${Date.now() - began} ms`);
  await grid.getByRole('link', { name: `run-${RUNS - 1}`, exact: true }).waitFor();
  assert.ok((await grid.getByRole('row').count()) < 80);

  const frames = await grid.evaluate(async (node) => {
    const times = [];
    node.scrollTop = 0;
    for (let frame = 0; frame < 240; frame++) {
      const at = await new Promise(requestAnimationFrame);
      times.push(at);
      node.scrollTop += 400;
    }
    return times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
  });
  t.diagnostic(`frame while scrolling: median ${frames[120].toFixed(1)} ms, 95th percentile ${frames[227].toFixed(1)} ms, worst ${frames.at(-1).toFixed(1)} ms`);
  await shoot(page, 'many-runs');
});

test('all eighty columns can be shown', async () => {
  await page.getByRole('button', { name: 'Columns' }).click();
  const panel = page.getByRole('dialog', { name: 'Columns' });
  // Each click turns one `all` into `none`.
  const all = panel.getByRole('button', { name: 'all', exact: true });
  while (await all.count()) await all.first().click();
  await shoot(page, 'columns');
  await page.keyboard.press('Escape');
  const grid = page.getByRole('grid', { name: 'Runs' });
  assert.ok(Number(await grid.getAttribute('aria-colcount')) > 80);
  assert.ok((await grid.getByRole('gridcell').count()) < 1500);
  await grid.evaluate((node) => (node.scrollLeft = node.scrollWidth));
  await grid.getByRole('columnheader', { name: 'param_39' }).waitFor();
  await page.evaluate(() => localStorage.clear());
  assert.deepEqual(complaints, []);
});
