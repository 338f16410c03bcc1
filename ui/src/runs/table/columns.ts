/** Which columns there are, which are shown, and how each is sorted. */
import { column, type FilterKind } from '../../lib/filter';
import type { RunRow } from './rows';

export interface Column {
  id: string;
  kind: FilterKind;
  key: string;
  title: string;
  width: number;
  numeric: boolean;
  /** The server cannot sort by what it derives, such as a duration. */
  sortable: boolean;
}

export interface KnownKeys {
  metrics: string[];
  params: string[];
  tags: string[];
}

const attribute = (key: string, title: string, width: number, sortable = false, numeric = false): Column => ({
  id: `attributes.${key}`,
  kind: 'attributes',
  key,
  title,
  width,
  numeric,
  sortable,
});

export const NAME_COLUMN = attribute('run_name', 'Run', 260, true);
export const ATTRIBUTE_COLUMNS: Column[] = [
  attribute('start_time', 'Created', 118, true),
  attribute('duration', 'Duration', 104, false, true),
  attribute('dataset', 'Dataset', 150),
  attribute('model', 'Models', 170),
  attribute('source', 'Source', 130),
  attribute('user_id', 'User', 96, true),
  attribute('run_id', 'Run id', 250, true),
];

const SHOWN_BY_DEFAULT = new Set(['attributes.start_time', 'attributes.duration']);
const KEYS_BY_DEFAULT = 6;
/** Which params vary is judged by this many runs. */
const JUDGED_RUNS = 200;
const WIDTH_MIN = 92;
const WIDTH_MAX = 190;
const WIDTH_PER_CHARACTER = 7;

const NO_KEYS: KnownKeys = { metrics: [], params: [], tags: [] };

/**
 * Every key that occurs, also in runs that have scrolled by. Looks at new rows only, as ten thousand runs of a
 * hundred keys are too many to look through at each refresh.
 */
export class KeyCollector {
  #sets = { metrics: new Set<string>(), params: new Set<string>(), tags: new Set<string>() };
  #known = NO_KEYS;
  #count = 0;

  /** Answers the same object as before when there was nothing new. */
  add(rows: RunRow[]): KnownKeys {
    const { metrics, params, tags } = this.#sets;
    for (const row of rows) {
      for (const key of row.metrics.keys()) metrics.add(key);
      for (const key of row.params.keys()) params.add(key);
      // Tags MLflow keeps for itself are shown as what they mean.
      for (const key of row.tags.keys()) if (!key.startsWith('mlflow.')) tags.add(key);
    }
    const count = metrics.size + params.size + tags.size;
    if (count !== this.#count) {
      this.#count = count;
      this.#known = { metrics: sorted(metrics), params: sorted(params), tags: sorted(tags) };
    }
    return this.#known;
  }
}

const collator = new Intl.Collator(undefined, { numeric: true });
const sorted = (keys: Set<string>): string[] => [...keys].sort(collator.compare);

export function keyColumn(kind: 'metrics' | 'params' | 'tags', key: string): Column {
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, 34 + key.length * WIDTH_PER_CHARACTER));
  return { id: `${kind}.${key}`, kind, key, title: key, width, numeric: kind === 'metrics', sortable: true };
}

export function allColumns(known: KnownKeys): Column[] {
  return [
    ...ATTRIBUTE_COLUMNS,
    ...known.metrics.map((key) => keyColumn('metrics', key)),
    ...known.params.map((key) => keyColumn('params', key)),
    ...known.tags.map((key) => keyColumn('tags', key)),
  ];
}

/** A first view: when and how long, models and datasets if there are any, some metrics, the params that vary. */
export function defaultColumnIds(allRows: RunRow[], known: KnownKeys): string[] {
  const rows = allRows.slice(0, JUDGED_RUNS);
  const attributes = ATTRIBUTE_COLUMNS.map((each) => each.id).filter(
    (id) =>
      SHOWN_BY_DEFAULT.has(id) ||
      (id === 'attributes.dataset' && rows.some((row) => row.datasets.length > 0)) ||
      (id === 'attributes.model' && rows.some((row) => row.modelIds.length > 0)),
  );
  const varying = known.params.filter((key) => new Set(rows.map((row) => row.params.get(key))).size > 1);
  const params = [...varying, ...known.params.filter((key) => !varying.includes(key))];
  return [
    ...attributes,
    ...known.metrics.slice(0, KEYS_BY_DEFAULT).map((key) => `metrics.${key}`),
    ...params.slice(0, KEYS_BY_DEFAULT).map((key) => `params.${key}`),
  ];
}

export interface PlacedColumn extends Column {
  left: number;
}

/** Columns side by side from `start`, so that only those in view need to be drawn. */
export function place(columns: Column[], start: number): { columns: PlacedColumn[]; width: number } {
  let left = start;
  const placed = columns.map((each) => {
    const at = left;
    left += each.width;
    return { ...each, left: at };
  });
  return { columns: placed, width: left };
}

export interface ColumnGroup {
  title: string;
  left: number;
  width: number;
}

const GROUP_TITLES = { attributes: '', metrics: 'Metrics', params: 'Params', tags: 'Tags' } as const;

/** The stretches of one kind, for a heading above them. */
export function columnGroups(columns: PlacedColumn[]): ColumnGroup[] {
  const groups: (ColumnGroup & { kind: FilterKind })[] = [];
  for (const each of columns) {
    const last = groups.at(-1);
    if (last?.kind === each.kind) last.width += each.width;
    else groups.push({ kind: each.kind, title: GROUP_TITLES[each.kind], left: each.left, width: each.width });
  }
  return groups.filter((group) => group.title);
}

export interface Order {
  columnId: string;
  descending: boolean;
}

/** Numbers and times start with the greatest; a third click is back to the server's order. */
export function nextOrder(current: Order | undefined, clicked: Column): Order | undefined {
  const greatestFirst = clicked.numeric || clicked.key === 'start_time';
  if (current?.columnId !== clicked.id) return { columnId: clicked.id, descending: greatestFirst };
  return current.descending === greatestFirst ? { ...current, descending: !greatestFirst } : undefined;
}

export function orderText(order: Order | undefined): string {
  if (!order) return '';
  const dot = order.columnId.indexOf('.');
  const kind = order.columnId.slice(0, dot) as FilterKind;
  return `${column(kind, order.columnId.slice(dot + 1))} ${order.descending ? 'DESC' : 'ASC'}`;
}

/** Reads back what `orderText` wrote. */
export function parseOrder(text: string | undefined): Order | undefined {
  const match = /^(attributes|metrics|params|tags)\.(.+) (ASC|DESC)$/.exec(text ?? '');
  if (!match) return undefined;
  return { columnId: `${match[1]}.${match[2]!.replace(/^`(.*)`$/, '$1')}`, descending: match[3] === 'DESC' };
}
