/** Experiments, runs and metrics over MLflow's wire. */
import { ApiError, call } from './http';
import type { Experiment, LoggedModel, Metric, Page, Run } from './types';

const api = 'ajax-api/2.0/mlflow';

export interface ExperimentSearch {
  filter?: string;
  pageToken?: string;
  maxResults?: number;
  signal?: AbortSignal;
}

export async function searchExperiments(search: ExperimentSearch = {}): Promise<Page<Experiment>> {
  const answer = await call<{ experiments?: Experiment[]; next_page_token?: string }>('POST', `${api}/experiments/search`, {
    body: {
      max_results: search.maxResults ?? 200,
      filter: search.filter || undefined,
      page_token: search.pageToken,
      order_by: ['last_update_time DESC'],
      view_type: 'ACTIVE_ONLY',
    },
    signal: search.signal,
  });
  return { items: answer.experiments ?? [], next: answer.next_page_token };
}

export async function getExperiment(experimentId: string): Promise<Experiment> {
  const query = { experiment_id: experimentId };
  return (await call<{ experiment: Experiment }>('GET', `${api}/experiments/get`, { query })).experiment;
}

export async function createExperiment(name: string): Promise<string> {
  return (await call<{ experiment_id: string }>('POST', `${api}/experiments/create`, { body: { name } })).experiment_id;
}

export async function renameExperiment(experimentId: string, newName: string): Promise<void> {
  await call('POST', `${api}/experiments/update`, { body: { experiment_id: experimentId, new_name: newName } });
}

export async function deleteExperiment(experimentId: string): Promise<void> {
  await call('POST', `${api}/experiments/delete`, { body: { experiment_id: experimentId } });
}

export async function setExperimentTag(experimentId: string, key: string, value: string): Promise<void> {
  await call('POST', `${api}/experiments/set-experiment-tag`, { body: { experiment_id: experimentId, key, value } });
}

export interface RunSearch {
  experimentIds: string[];
  filter: string;
  orderBy: string[];
  maxResults: number;
  pageToken?: string;
  deleted?: boolean;
  signal?: AbortSignal;
}

export async function searchRuns(search: RunSearch): Promise<Page<Run>> {
  const answer = await call<{ runs?: Run[]; next_page_token?: string }>('POST', `${api}/runs/search`, {
    body: {
      experiment_ids: search.experimentIds,
      filter: search.filter,
      order_by: search.orderBy,
      max_results: search.maxResults,
      page_token: search.pageToken,
      run_view_type: search.deleted ? 'DELETED_ONLY' : 'ACTIVE_ONLY',
    },
    signal: search.signal,
  });
  return { items: answer.runs ?? [], next: answer.next_page_token };
}

export async function getRun(runId: string, signal?: AbortSignal): Promise<Run> {
  return (await call<{ run: Run }>('GET', `${api}/runs/get`, { query: { run_id: runId }, signal })).run;
}

export async function renameRun(runId: string, name: string): Promise<void> {
  await call('POST', `${api}/runs/update`, { body: { run_id: runId, run_name: name } });
}

export async function deleteRun(runId: string): Promise<void> {
  await call('POST', `${api}/runs/delete`, { body: { run_id: runId } });
}

export async function restoreRun(runId: string): Promise<void> {
  await call('POST', `${api}/runs/restore`, { body: { run_id: runId } });
}

export async function setRunTag(runId: string, key: string, value: string): Promise<void> {
  await call('POST', `${api}/runs/set-tag`, { body: { run_id: runId, key, value } });
}

export async function deleteRunTag(runId: string, key: string): Promise<void> {
  await call('POST', `${api}/runs/delete-tag`, { body: { run_id: runId, key } });
}

export interface HistoryRequest {
  runIds: string[];
  metricKey: string;
  points: number;
  steps?: { from: number; to: number };
  signal?: AbortSignal;
}

/** A sampled history of one metric for up to a hundred runs; servers older than that call are read run by run. */
export async function metricHistory(request: HistoryRequest): Promise<Metric[]> {
  const { runIds, metricKey, points, steps, signal } = request;
  try {
    const query = {
      run_ids: runIds,
      metric_key: metricKey,
      max_results: points,
      start_step: steps && Math.floor(steps.from),
      end_step: steps && Math.ceil(steps.to),
    };
    const path = `${api}/metrics/get-history-bulk-interval`;
    return (await call<{ metrics?: Metric[] }>('GET', path, { query, signal })).metrics ?? [];
  } catch (error) {
    if (!(error instanceof ApiError && error.isUnsupported)) throw error;
  }
  const histories = await Promise.all(runIds.map((runId) => wholeHistory(runId, metricKey, signal)));
  return histories.flat();
}

/** Bounded, so that a run with millions of points cannot fill the tab. */
const WHOLE_HISTORY_MAX = 25_000;

async function wholeHistory(runId: string, metricKey: string, signal?: AbortSignal): Promise<Metric[]> {
  const answer = await call<{ metrics?: Metric[] }>('GET', `${api}/metrics/get-history`, {
    query: { run_id: runId, metric_key: metricKey, max_results: WHOLE_HISTORY_MAX },
    signal,
  });
  return (answer.metrics ?? []).map((metric) => ({ ...metric, run_id: runId }));
}

export async function getLoggedModel(modelId: string): Promise<LoggedModel> {
  return (await call<{ model: LoggedModel }>('GET', `${api}/logged-models/${encodeURIComponent(modelId)}`)).model;
}

export async function searchLoggedModels(experimentIds: string[], modelIds: string[]): Promise<LoggedModel[]> {
  const filter = `model_id IN (${modelIds.map((id) => `'${id}'`).join(', ')})`;
  const answer = await call<{ models?: LoggedModel[] }>('POST', `${api}/logged-models/search`, {
    body: { experiment_ids: experimentIds, filter, max_results: modelIds.length },
  });
  return answer.models ?? [];
}
