/** A run as the table reads it: look-ups by key in place of lists. */
import type { Run, RunStatus, WireNumber } from '../../lib/api/types';

export interface RunRow {
  id: string;
  experimentId: string;
  name: string;
  status: RunStatus;
  start: number | undefined;
  end: number | undefined;
  user: string;
  source: string;
  commit: string;
  parentId: string | undefined;
  metrics: Map<string, WireNumber>;
  params: Map<string, string>;
  tags: Map<string, string>;
  datasets: { name: string; digest: string; context: string }[];
  modelIds: string[];
}

export function rowOf(run: Run): RunRow {
  const tags = new Map(run.data.tags?.map((tag) => [tag.key, tag.value]));
  return {
    id: run.info.run_id,
    experimentId: run.info.experiment_id,
    name: run.info.run_name || tags.get('mlflow.runName') || run.info.run_id,
    status: run.info.status,
    start: run.info.start_time || undefined,
    end: run.info.end_time || undefined,
    user: run.info.user_id || tags.get('mlflow.user') || '',
    source: (tags.get('mlflow.source.name') ?? '').split('/').at(-1) ?? '',
    commit: tags.get('mlflow.source.git.commit') ?? '',
    parentId: tags.get('mlflow.parentRunId'),
    metrics: new Map(run.data.metrics?.map((metric) => [metric.key, metric.value])),
    params: new Map(run.data.params?.map((param) => [param.key, param.value])),
    tags,
    datasets: (run.inputs?.dataset_inputs ?? []).map((input) => ({
      name: input.dataset.name,
      digest: input.dataset.digest,
      context: input.tags?.find((tag) => tag.key === 'mlflow.data.context')?.value ?? '',
    })),
    modelIds: (run.outputs?.model_outputs ?? []).map((output) => output.model_id),
  };
}

/** `fresh` replaces the head of `rows`. As many rows as came into the head were pushed out of it, and stay below. */
export function mergeHead(rows: RunRow[], fresh: RunRow[]): RunRow[] {
  const head = new Set(rows.slice(0, fresh.length).map((row) => row.id));
  const arrived = fresh.filter((row) => !head.has(row.id)).length;
  const known = new Set(fresh.map((row) => row.id));
  return [...fresh, ...rows.slice(fresh.length - arrived).filter((row) => !known.has(row.id))];
}

export interface ArrangedRow {
  row: RunRow;
  depth: number;
  children: number;
  folded: boolean;
}

/** Children under their parents, where the parent is loaded too; otherwise the order is kept. */
export function arrange(rows: RunRow[], nested: boolean, folded: ReadonlySet<string>): ArrangedRow[] {
  if (!nested) return rows.map((row) => ({ row, depth: 0, children: 0, folded: false }));
  const loaded = new Map(rows.map((row) => [row.id, row]));
  const children = new Map<string, RunRow[]>();
  const tops: RunRow[] = [];
  for (const row of rows) {
    if (row.parentId === undefined || !loaded.has(row.parentId) || inCycle(row, loaded)) tops.push(row);
    else {
      const siblings = children.get(row.parentId);
      if (siblings) siblings.push(row);
      else children.set(row.parentId, [row]);
    }
  }
  const arranged: ArrangedRow[] = [];
  const place = (row: RunRow, depth: number) => {
    const own = children.get(row.id) ?? [];
    arranged.push({ row, depth, children: own.length, folded: folded.has(row.id) });
    if (!folded.has(row.id)) for (const child of own) place(child, depth + 1);
  };
  for (const row of tops) place(row, 0);
  return arranged;
}

/** Tags are free text, so two runs can name each other as parent. */
function inCycle(row: RunRow, loaded: Map<string, RunRow>): boolean {
  const seen = new Set<string>();
  for (let at: RunRow | undefined = row; at?.parentId !== undefined; at = loaded.get(at.parentId)) {
    if (seen.has(at.id)) return true;
    seen.add(at.id);
  }
  return false;
}
