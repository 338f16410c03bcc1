/** From metric points to the aligned columns a chart draws. */
import type { Metric } from '../api/types';
import { toNumber } from '../format';

export type XAxis = 'step' | 'elapsed' | 'time';

export interface Curve {
  id: string;
  label: string;
  color: string;
  points: Metric[];
}

/** A value, `null` where the curve breaks, `undefined` where only another curve has a point. */
export type Y = number | null | undefined;

/** uPlot's shape: one shared, ascending x column, then one y column per curve. */
export type AlignedColumns = [number[], ...Y[][]];

/** Step as it is; elapsed and wall time in seconds, as uPlot counts time. */
function xOf(metric: Metric, axis: XAxis, first: number): number {
  if (axis === 'step') return metric.step ?? 0;
  return (axis === 'elapsed' ? metric.timestamp - first : metric.timestamp) / 1000;
}

/** Points that cannot be drawn (NaN, infinities, and on a log scale anything not above zero) become gaps. */
export function alignCurves(curves: Curve[], axis: XAxis, log: boolean): AlignedColumns {
  const maps = curves.map(({ points }) => {
    const first = points.reduce((least, point) => Math.min(least, point.timestamp), Infinity);
    return new Map(points.map((point) => [xOf(point, axis, first), drawable(toNumber(point.value), log)]));
  });
  const xs = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort((a, b) => a - b);
  return [xs, ...maps.map((map) => xs.map((x) => map.get(x)))];
}

function drawable(value: number, log: boolean): number | null {
  return Number.isFinite(value) && !(log && value <= 0) ? value : null;
}

/**
 * Exponential moving average, corrected for its start, so that the first values are not pulled to zero.
 * `weight` 0 changes nothing; 0.99 leaves little but the trend.
 */
export function smooth(values: Y[], weight: number): Y[] {
  if (weight <= 0) return values;
  let average = 0;
  let correction = 1;
  return values.map((value) => {
    if (value === null || value === undefined) return value;
    average = average * weight + value * (1 - weight);
    correction *= weight;
    return average / (1 - correction);
  });
}

/** So few are found without headings. */
const GROUPED_FROM = 10;

/** Metric keys in groups by what stands before the first slash, plain ones first. */
export function groupKeys(keys: string[]): { name: string; keys: string[] }[] {
  const groups = new Map<string, string[]>();
  const sorted = [...keys].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  if (keys.length < GROUPED_FROM) return keys.length ? [{ name: '', keys: sorted }] : [];
  for (const key of sorted) {
    const slash = key.indexOf('/');
    const name = slash > 0 ? key.slice(0, slash) : '';
    groups.set(name, [...(groups.get(name) ?? []), key]);
  }
  return [...groups]
    .map(([name, members]) => ({ name, keys: members }))
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
}

/** Machine figures come last: they are looked at when something is wrong. */
const rank = (name: string): number => (name === '' ? 0 : name === 'system' ? 2 : 1);
