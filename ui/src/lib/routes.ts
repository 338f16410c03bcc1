/**
 * Every address of the page. The shapes are MLflow's, because its Python client prints them
 * ("View run at http://host/#/experiments/1/runs/..") and people keep them in notebooks and chat.
 */
import type { Address } from './address';
import { formatAddress } from './address';

const at = (path: string[], query: Record<string, string> = {}): string => formatAddress({ path, query });

export const routes = {
  experiments: () => at(['experiments']),
  experiment: (id: string, query: Record<string, string> = {}) => at(['experiments', id], query),
  run: (experimentId: string, runId: string, ...tab: string[]) => at(['experiments', experimentId, 'runs', runId, ...tab]),
  loggedModel: (experimentId: string, modelId: string) => at(['experiments', experimentId, 'models', modelId]),
  compare: (runIds: string[], experimentIds: string[]) =>
    at(['compare-runs'], { runs: JSON.stringify(runIds), experiments: JSON.stringify(experimentIds) }),
  models: () => at(['models']),
  model: (name: string) => at(['models', name]),
  modelVersion: (name: string, version: string) => at(['models', name, 'versions', version]),
  endpoints: () => at(['endpoints']),
  endpoint: (name: string) => at(['endpoints', name]),
  monitors: () => at(['monitoring']),
  monitor: (name: string) => at(['monitoring', 'monitors', name]),
  alerts: () => at(['monitoring', 'alerts']),
  requestLog: (query: Record<string, string> = {}) => at(['monitoring', 'requests'], query),
  audit: () => at(['audit']),
};

export type View =
  | { page: 'experiments' }
  | { page: 'experiment'; experimentId: string; query: Record<string, string> }
  | { page: 'run'; experimentId: string; runId: string; tab: string; rest: string[] }
  | { page: 'logged-model'; experimentId: string; modelId: string }
  | { page: 'compare'; runIds: string[]; experimentIds: string[] }
  | { page: 'models' }
  | { page: 'model'; name: string }
  | { page: 'model-version'; name: string; version: string }
  | { page: 'endpoints' }
  | { page: 'endpoint'; name: string }
  | { page: 'monitors' }
  | { page: 'monitor'; name: string }
  | { page: 'alerts' }
  | { page: 'request-log'; query: Record<string, string> }
  | { page: 'audit' }
  | { page: 'unknown' };

/** Which page an address names. */
export function viewOf({ path, query }: Address): View {
  const [area, id, noun, nounId, tab, ...rest] = path;
  switch (area) {
    case undefined:
      return { page: 'experiments' };
    case 'experiments':
      if (!id) return { page: 'experiments' };
      if (noun === 'runs' && nounId) {
        return { page: 'run', experimentId: id, runId: nounId, tab: tab ?? '', rest };
      }
      if (noun === 'models' && nounId) return { page: 'logged-model', experimentId: id, modelId: nounId };
      return { page: 'experiment', experimentId: id, query };
    case 'compare-runs':
      return { page: 'compare', runIds: jsonList(query.runs), experimentIds: jsonList(query.experiments) };
    case 'models':
      if (!id) return { page: 'models' };
      // MLflow has written both `/models/x/versions/1` and `/models/x/1`.
      if (noun === 'versions' && nounId) return { page: 'model-version', name: id, version: nounId };
      if (noun && /^\d+$/.test(noun)) return { page: 'model-version', name: id, version: noun };
      return { page: 'model', name: id };
    case 'endpoints':
      return id ? { page: 'endpoint', name: id } : { page: 'endpoints' };
    case 'monitoring':
      if (id === 'monitors' && noun) return { page: 'monitor', name: noun };
      if (id === 'alerts') return { page: 'alerts' };
      if (id === 'requests') return { page: 'request-log', query };
      return { page: 'monitors' };
    case 'audit':
      return { page: 'audit' };
    default:
      return { page: 'unknown' };
  }
}

function jsonList(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}
