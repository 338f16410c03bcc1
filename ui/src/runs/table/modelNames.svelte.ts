/** Names of logged models, asked for in batches as rows scroll into view. */
import { searchLoggedModels } from '../../lib/api/tracking';
import type { LoggedModel } from '../../lib/api/types';

const BATCH = 50;
const PAUSE_MS = 80;

let known = $state.raw(new Map<string, LoggedModel | null>());
const wanted = new Map<string, string>();
let timer: ReturnType<typeof setTimeout> | undefined;

export function loggedModelOf(modelId: string): LoggedModel | undefined {
  return known.get(modelId) ?? undefined;
}

export function wantModels(rows: { experimentId: string; modelIds: string[] }[]): void {
  for (const row of rows) for (const id of row.modelIds) if (!known.has(id)) wanted.set(id, row.experimentId);
  if (wanted.size && !timer) timer = setTimeout(() => void fetchWanted(), PAUSE_MS);
}

async function fetchWanted(): Promise<void> {
  const batch = [...wanted].slice(0, BATCH);
  for (const [id] of batch) wanted.delete(id);
  const next = new Map(known);
  // Whatever the answer, it is not asked again: an id without a name is shown as the id.
  for (const [id] of batch) next.set(id, null);
  try {
    const experiments = [...new Set(batch.map(([, experimentId]) => experimentId))];
    const models = await searchLoggedModels(experiments, batch.map(([id]) => id));
    for (const model of models) next.set(model.info.model_id, model);
  } catch {
    // Servers before MLflow 3 have no logged models to name.
  }
  known = next;
  timer = wanted.size ? setTimeout(() => void fetchWanted(), PAUSE_MS) : undefined;
}
