/** What is changed of an endpoint: its deployments, its traffic, its rollouts. */
import type { Endpoint } from './fettle';
import { call } from './http';

export interface TrafficState {
  number: number;
  split: Record<string, number>;
  rules: { header: string; exact?: string; prefix?: string; deployment: string }[];
  sticky: { header?: string; field?: string } | null;
  mirror: { deployment: string; percent: number; tolerance: number } | null;
  cause: string;
  restores: number | null;
  note: string | null;
  created_at: string;
  created_by: string;
}

export interface Rollout {
  id: string;
  to: string;
  state: 'running' | 'paused' | 'succeeded' | 'rolled_back' | 'aborted';
  /** From 1; 0 while the deployment starts. */
  step: number;
  steps: number;
  reason: string | null;
  policy: { steps: { percent?: number; mirror?: number; wait?: string; pause?: boolean }[]; checks?: Record<string, unknown>[] };
  created_at: string;
  finished_at: string | null;
  observed: {
    requests: number;
    error_rate: number | null;
    latency_p50_ms: number | null;
    latency_p99_ms: number | null;
    mirrored: number;
    mirror_disagreement: number | null;
  };
  events: { at: string; event: string; detail: string }[];
}

export interface MirrorPair {
  deployment: string;
  mirrored_to: string;
  agreed: number;
  disagreed: number;
  failed: number;
  dropped: number;
  disagreement: number | null;
}

export interface MirrorSample {
  at: string;
  request_id: string;
  deployment: string;
  mirrored_to: string;
  request: string;
  answer: string;
  mirrored_answer: string;
}

export interface NewDeployment {
  name: string;
  model_uri: string;
  executor: string;
  replicas: number;
}

const at = (endpoint: string, rest = '') => `api/fettle/v1/endpoints/${encodeURIComponent(endpoint)}${rest}`;

export async function getEndpoint(name: string, signal?: AbortSignal): Promise<Endpoint> {
  return call('GET', at(name), { signal });
}

export async function createDeployment(endpoint: string, deployment: NewDeployment): Promise<void> {
  await call('POST', at(endpoint, '/deployments'), { body: deployment });
}

export async function deleteDeployment(endpoint: string, name: string): Promise<void> {
  await call('DELETE', at(endpoint, `/deployments/${encodeURIComponent(name)}`));
}

export async function setTraffic(endpoint: string, split: Record<string, number>, expected: number | undefined): Promise<void> {
  await call('PUT', at(endpoint, '/traffic'), { body: { split, expected_number: expected } });
}

/** What is left out stays; null takes it away. */
export interface RoutingChange {
  rules: TrafficState['rules'];
  sticky: TrafficState['sticky'];
  mirror: TrafficState['mirror'];
}

export async function setRouting(endpoint: string, change: RoutingChange, expected: number | undefined): Promise<void> {
  await call('PUT', at(endpoint, '/traffic'), { body: { ...change, expected_number: expected } });
}

/** Null takes one away. */
export async function changeEndpoint(endpoint: string, change: { fallback?: unknown; policy?: unknown }): Promise<void> {
  await call('PATCH', at(endpoint), { body: change });
}

export async function trafficHistory(endpoint: string, signal?: AbortSignal): Promise<TrafficState[]> {
  const answer = await call<{ states: TrafficState[] }>('GET', at(endpoint, '/traffic/history'), { query: { max_results: 20 }, signal });
  return answer.states;
}

/** To the state before, or to the one of this number. */
export async function rollBack(endpoint: string, number?: number): Promise<void> {
  await call('POST', at(endpoint, '/rollback'), { body: { number } });
}

export async function mirrorOf(endpoint: string, signal?: AbortSignal): Promise<{ pairs: MirrorPair[]; samples: MirrorSample[] }> {
  return call('GET', at(endpoint, '/mirror'), { signal });
}

export async function startRollout(endpoint: string, to: string, policy: unknown): Promise<void> {
  await call('POST', at(endpoint, '/rollouts'), { body: { to, policy } });
}

export async function tellRollout(endpoint: string, id: string, word: 'pause' | 'resume' | 'promote' | 'abort'): Promise<void> {
  await call('POST', at(endpoint, `/rollouts/${id}/${word}`), { body: {} });
}

export async function disableEndpoint(endpoint: string, reason: string): Promise<void> {
  await call('POST', at(endpoint, '/disable'), { body: { reason } });
}

export async function enableEndpoint(endpoint: string): Promise<void> {
  await call('POST', at(endpoint, '/enable'), { body: {} });
}
