import { describe, expect, it } from 'vitest';
import { compareParams, extremes } from '../compare/comparison';
import { arrange, mergeHead, rowOf } from './rows';

const row = (id: string, parentId?: string, params: Record<string, string> = {}) =>
  rowOf({
    info: { run_id: id, experiment_id: '1', status: 'FINISHED', lifecycle_stage: 'active' },
    data: {
      tags: parentId ? [{ key: 'mlflow.parentRunId', value: parentId }] : [],
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
    },
  });
const shape = (nested: boolean, folded: string[], ...rows: ReturnType<typeof row>[]) =>
  arrange(rows, nested, new Set(folded)).map(({ row: { id }, depth }) => `${' '.repeat(depth)}${id}`);

describe('arrange', () => {
  it('puts children under their parents', () => {
    expect(shape(true, [], row('c', 'a'), row('b'), row('a'), row('d', 'c'))).toEqual(['b', 'a', ' c', '  d']);
  });
  it('leaves a child whose parent is not loaded where it is', () => expect(shape(true, [], row('c', 'gone'), row('b'))).toEqual(['c', 'b']));
  it('hides the children of a folded parent', () => expect(shape(true, ['a'], row('a'), row('c', 'a'))).toEqual(['a']));
  it('keeps the order when it is not to nest', () => expect(shape(false, [], row('c', 'a'), row('a'))).toEqual(['c', 'a']));
  it('loses no run to a circle of parents', () => {
    expect(shape(true, [], row('a', 'b'), row('b', 'a'), row('s', 's')).map((line) => line.trim()).sort()).toEqual(['a', 'b', 's']);
  });
});

it('replaces the head of the list and keeps what was pushed out of it', () => {
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);
  expect(ids(mergeHead([row('a'), row('b'), row('c')], [row('new'), row('a')]))).toEqual(['new', 'a', 'b', 'c']);
  expect(ids(mergeHead([row('a'), row('b'), row('c')], [row('c'), row('a')]))).toEqual(['c', 'a', 'b']);
});

it('compares params key by key', () => {
  const lines = compareParams([row('a', undefined, { x: '1', y: '1' }), row('b', undefined, { x: '1' })]);
  expect(lines).toEqual([
    { key: 'x', cells: ['1', '1'], differs: false },
    { key: 'y', cells: ['1', undefined], differs: true },
  ]);
});

it('finds the extremes of a line, unless there are none', () => {
  expect(extremes([3, 'NaN', undefined, 1])).toEqual({ least: 1, greatest: 3 });
  expect(extremes([2, 2])).toBeUndefined();
  expect(extremes([undefined])).toBeUndefined();
});
