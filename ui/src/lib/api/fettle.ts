/** Fettle's own resources. A plain MLflow server has none of them; callers show an empty page then. */
import { addressOf, ApiError, call, send } from './http';
import type { Baseline } from './monitoring';
import type { Rollout, TrafficState } from './serving';

/** How native scoring compared with Python's before it was let in. */
export interface ParityReport {
  passed: boolean;
  required: string;
  rows_compared: number;
  rows_by_kind?: Record<string, number>;
  rows_differing: number;
  max_relative_difference: number | null;
  first_difference?: { kind: string; row: string; python: string; native: string } | null;
}

/** The report that is kept with a model version. */
export interface VersionParity {
  compared_at: string | null;
  gateway_version: string | null;
  report: ParityReport | null;
}

export interface DeploymentReport {
  batching?: string | null;
  parity?: ParityReport | null;
  model?: { flavor: string; native_description?: string | null };
}

export interface Deployment {
  name: string;
  model_uri: string;
  model_name?: string | null;
  model_version?: string | null;
  executor: string;
  traffic: number;
  state: string;
  replicas?: number;
  replicas_min?: number;
  replicas_max?: number;
  /** On the server that was asked; none unless the model runs in Python. */
  workers?: { ready: number; starting: number; stopping: number } | null;
  revision?: number;
  /** Whether it moves with the alias in its model's address. */
  follows?: boolean;
  /** What answers now; not the current revision while an update starts, or if it failed. */
  serving?: { model_version: string; current: boolean } | null;
  requests?: Requests | null;
  reason?: string | null;
  report?: DeploymentReport | null;
}

export interface Requests {
  count: number;
  errors: number;
  p50_ms?: number | null;
  p99_ms?: number | null;
}

export interface Endpoint {
  name: string;
  state: 'ready' | 'starting' | 'failed' | 'idle' | 'disabled';
  created_at?: string;
  traffic?: TrafficState | null;
  disabled?: { reason: string; by: string; at: string } | null;
  fallback?: unknown;
  /** How new versions of an alias that is followed are rolled out. */
  policy?: unknown;
  rollout?: Rollout | null;
  deployments?: Deployment[];
  requests?: Requests | null;
}

export interface AuditEntry {
  at: string;
  actor: string;
  action: string;
  entity_type: string;
  entity_id: string;
  request_id?: string;
  detail?: unknown;
}

/** `undefined` when the server serves no endpoints at all. */
export async function listEndpoints(signal?: AbortSignal): Promise<Endpoint[] | undefined> {
  return orUnsupported(async () => {
    const answer = await call<{ endpoints?: Endpoint[] }>('GET', 'api/fettle/v1/endpoints', { signal });
    return answer.endpoints ?? [];
  });
}

export interface NewEndpoint {
  name: string;
  model_uri: string;
  executor: string;
  replicas: number;
}

export async function createEndpoint(endpoint: NewEndpoint): Promise<void> {
  await call('POST', 'api/fettle/v1/endpoints', { body: endpoint });
}

export async function deleteEndpoint(name: string): Promise<void> {
  await call('DELETE', `api/fettle/v1/endpoints/${encodeURIComponent(name)}`);
}

/** `undefined` when the server does not keep such reports. */
export async function parityOf(modelUri: string, signal?: AbortSignal): Promise<VersionParity | undefined> {
  return orUnsupported(() => call('GET', 'api/fettle/v1/models/parity', { query: { model_uri: modelUri }, signal }));
}

/** Newest first; `undefined` when the server watches no models. */
export async function baselinesOf(name: string, version: string, signal?: AbortSignal): Promise<Baseline[] | undefined> {
  const query = { model_name: name, model_version: version };
  return orUnsupported(async () => {
    const found = await call<{ baselines?: Baseline[] }>('GET', 'api/fettle/v1/baselines', { query, signal });
    return found.baselines ?? [];
  });
}

export interface AuditPage {
  entries: AuditEntry[];
  next: string | undefined;
}

export async function listAudit(pageToken?: string): Promise<AuditPage | undefined> {
  return orUnsupported(async () => {
    const answer = await call<{ entries?: AuditEntry[]; next_page_token?: string }>('GET', 'api/fettle/v1/audit', {
      query: { max_results: 100, page_token: pageToken },
    });
    return { entries: answer.entries ?? [], next: answer.next_page_token || undefined };
  });
}

export interface Invocation {
  ok: boolean;
  status: number;
  body: string;
  milliseconds: number;
}

export async function invoke(endpoint: string, payload: string): Promise<Invocation> {
  const began = performance.now();
  const response = await send(invocationAddress(endpoint), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: payload,
  });
  const body = await response.text();
  return { ok: response.ok, status: response.status, body, milliseconds: performance.now() - began };
}

export function invocationAddress(endpoint: string): string {
  return addressOf(`endpoints/${encodeURIComponent(endpoint)}/invocations`);
}

export async function serverVersion(): Promise<string> {
  const response = await send(addressOf('version'), {});
  return response.ok ? (await response.text()).trim() : '';
}

async function orUnsupported<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError && error.isUnsupported) return undefined;
    throw error;
  }
}
