import { describe, expect, it } from 'vitest';
import type { Run } from '../../lib/api/types';
import { allColumns, columnGroups, defaultColumnIds, keyColumn, KeyCollector, NAME_COLUMN, nextOrder, orderText, parseOrder, place } from './columns';
import { rowOf, type RunRow } from './rows';

const run = (id: string, params: Record<string, string>, metrics: Record<string, number> = {}): Run => ({
  info: { run_id: id, experiment_id: '1', status: 'FINISHED', lifecycle_stage: 'active' },
  data: {
    params: Object.entries(params).map(([key, value]) => ({ key, value })),
    metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 1 })),
    tags: [{ key: 'team', value: 'ops' }, { key: 'mlflow.user', value: 'ana' }],
  },
});
const knownKeys = (rows: RunRow[]) => new KeyCollector().add(rows);
const rows = [run('a', { seed: '1', depth: '2' }, { auc: 1 }), run('b', { seed: '1', depth: '3' })].map(rowOf);

it('knows every key, and keeps MLflow tags out of the list', () => {
  expect(knownKeys(rows)).toEqual({ metrics: ['auc'], params: ['depth', 'seed'], tags: ['team'] });
});

it('answers the same object while there is no new key', () => {
  const collector = new KeyCollector();
  const first = collector.add(rows);
  expect(collector.add(rows)).toBe(first);
  expect(collector.add([rowOf(run('c', { new: '1' }))]).params).toEqual(['depth', 'new', 'seed']);
});

it('shows the params that vary first', () => {
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`a${index}`, 'same']));
  const wide = [run('a', { ...many, z: '1' }), run('b', { ...many, z: '2' })].map(rowOf);
  expect(defaultColumnIds(wide, knownKeys(wide)).filter((id) => id.startsWith('params.'))[0]).toBe('params.z');
});

it('places columns side by side, with a heading for each kind', () => {
  const { columns, width } = place(allColumns(knownKeys(rows)), 100);
  expect(columns[0]?.left).toBe(100);
  expect(width).toBe(100 + columns.reduce((sum, column) => sum + column.width, 0));
  expect(columnGroups(columns).map((group) => group.title)).toEqual(['Metrics', 'Params', 'Tags']);
});

describe('order', () => {
  const auc = keyColumn('metrics', 'val/auc');
  it('goes from the greatest to the least to none', () => {
    const first = nextOrder(undefined, auc);
    expect(first).toEqual({ columnId: 'metrics.val/auc', descending: true });
    const second = nextOrder(first, auc);
    expect(second?.descending).toBe(false);
    expect(nextOrder(second, auc)).toBeUndefined();
  });
  it('sorts names from A', () => expect(nextOrder(undefined, NAME_COLUMN)?.descending).toBe(false));
  it('is written in the grammar of the server and read back', () => {
    const order = { columnId: 'metrics.val/auc', descending: true };
    expect(orderText(order)).toBe('metrics.`val/auc` DESC');
    expect(parseOrder(orderText(order))).toEqual(order);
    expect(parseOrder('nonsense')).toBeUndefined();
  });
});
