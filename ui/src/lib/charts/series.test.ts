import { describe, expect, it } from 'vitest';
import type { Metric } from '../api/types';
import { alignCurves, groupKeys, smooth } from './series';

const point = (step: number, value: number | string, timestamp = step * 1000): Metric => ({ key: 'm', step, value, timestamp });
const curve = (points: Metric[]) => ({ id: 'r', label: 'r', color: '#000', points });

describe('alignCurves', () => {
  it('shares one column of steps', () => {
    const curves = [curve([point(0, 1), point(2, 3)]), curve([point(1, 5)])];
    expect(alignCurves(curves, 'step', false)).toEqual([[0, 1, 2], [1, undefined, 3], [undefined, 5, undefined]]);
  });
  it('breaks the curve at what cannot be drawn', () => {
    expect(alignCurves([curve([point(0, 'NaN'), point(1, -1), point(2, 4)])], 'step', true)).toEqual([[0, 1, 2], [null, null, 4]]);
  });
  it('counts elapsed time from the first point of each run', () => {
    const curves = [curve([point(0, 1, 5000), point(1, 2, 7000)]), curve([point(0, 3, 90_000)])];
    expect(alignCurves(curves, 'elapsed', false)).toEqual([[0, 2], [1, 2], [3, undefined]]);
  });
  it('draws nothing from nothing', () => expect(alignCurves([], 'step', false)).toEqual([[]]));
});

describe('smooth', () => {
  it('changes nothing without a weight', () => expect(smooth([1, 5], 0)).toEqual([1, 5]));
  it('keeps a constant, from the first value on', () => {
    for (const value of smooth([2, 2, 2], 0.9)) expect(value).toBeCloseTo(2);
  });
  it('keeps gaps', () => expect(smooth([1, null, undefined], 0.5)).toEqual([1, null, undefined]));
});

describe('groupKeys', () => {
  it('leaves a few together', () => expect(groupKeys(['b/x', 'a'])).toEqual([{ name: '', keys: ['a', 'b/x'] }]));
  it('groups many, plain ones first and machine figures last', () => {
    const keys = ['system/cpu', 'loss', ...Array.from({ length: 10 }, (_, index) => `val/m${index}`)];
    expect(groupKeys(keys).map((group) => group.name)).toEqual(['', 'val', 'system']);
  });
});
