/** Runs side by side: one line per key, one cell per run. */
import type { WireNumber } from '../../lib/api/types';
import { toNumber } from '../../lib/format';
import type { RunRow } from '../table/rows';

export interface ComparedLine<T> {
  key: string;
  cells: (T | undefined)[];
  differs: boolean;
}

export function compareParams(rows: RunRow[]): ComparedLine<string>[] {
  return lines(rows, (row) => row.params);
}

export function compareMetrics(rows: RunRow[]): ComparedLine<WireNumber>[] {
  return lines(rows, (row) => row.metrics);
}

function lines<T>(rows: RunRow[], read: (row: RunRow) => Map<string, T>): ComparedLine<T>[] {
  const keys = [...new Set(rows.flatMap((row) => [...read(row).keys()]))];
  keys.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return keys.map((key) => {
    const cells = rows.map((row) => read(row).get(key));
    return { key, cells, differs: new Set(cells).size > 1 };
  });
}

/** The least and the greatest value of a line; nothing when they are the same. */
export function extremes(cells: (WireNumber | undefined)[]): { least: number; greatest: number } | undefined {
  const numbers = cells.flatMap((cell) => (cell === undefined ? [] : [toNumber(cell)])).filter(Number.isFinite);
  const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
  return least < greatest ? { least, greatest } : undefined;
}
