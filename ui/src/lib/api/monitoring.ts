/** Monitors, alerts and the log of requests. */
import { call } from './http';

export type Verdict = 'ok' | 'alarm' | 'insufficient_data' | 'info';

export interface MonitorRun {
  id: string;
  cause: string;
  state: string;
  window_start: string;
  window_end: string;
  rows?: number | null;
  verdict?: Verdict | null;
  error?: string | null;
  results?: SignalResult[];
}

export interface Monitor {
  name: string;
  endpoint: string;
  deployment?: string | null;
  window: string;
  signals: { name: string; type: string; alert_enabled: boolean }[];
  next_run_at?: string | null;
  last_run?: MonitorRun | null;
  verdict?: Verdict | null;
}

export interface Distribution {
  bins: { edges: number[] } | { levels: string[] };
  reference: number[];
  current: number[];
}

export interface SignalResult {
  signal: string;
  type: string;
  metric: string;
  feature?: string | null;
  value?: number | null;
  threshold?: number | null;
  verdict: Verdict;
  detail: {
    reason?: string;
    changed?: string;
    distribution?: Distribution;
    interval?: [number, number];
    label_coverage?: number;
    significance?: { test: string; p_value: number; adjusted_p_value?: number };
    smallest_detectable_shift?: { value: number; unit: string };
    false_alarm_rate?: number;
  };
}

export interface SignalPoint {
  time: string;
  metric: string;
  value?: number | null;
  threshold?: number | null;
  verdict: Verdict;
  interval?: [number, number] | null;
  label_coverage?: number | null;
  changed?: string | null;
}

export interface Alert {
  id: string;
  rule: string;
  state: 'inactive' | 'pending' | 'firing' | 'resolved';
  since: string;
  severity: string;
  value?: number | null;
  fired_at?: string | null;
  resolved_at?: string | null;
  silenced: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  history?: { at: string; from: string; to: string; value?: number | null }[];
}

export interface LoggedRequest {
  time: string;
  endpoint: string;
  deployment: string;
  model_version: string;
  correlation_id: string;
  status?: number | null;
  latency_ms?: number | null;
  rows: number;
  error?: string;
  request?: string;
}

const base = 'api/fettle/v1/';
const path = (...parts: string[]) => base + parts.map(encodeURIComponent).join('/');

/** What monitors hold a model version's traffic against. */
export interface Baseline {
  id: string;
  source: string;
  state: 'pending' | 'ready' | 'failed';
  reason?: string | null;
  rows: number;
  created_at: string;
}

export async function listMonitors(signal?: AbortSignal): Promise<Monitor[]> {
  return (await call<{ monitors?: Monitor[] }>('GET', path('monitors'), { signal })).monitors ?? [];
}

export async function getMonitor(name: string, signal?: AbortSignal): Promise<Monitor> {
  return call<Monitor>('GET', path('monitors', name), { signal });
}

export async function listRuns(name: string, signal?: AbortSignal): Promise<MonitorRun[]> {
  return (await call<{ runs?: MonitorRun[] }>('GET', path('monitors', name, 'runs'), { signal })).runs ?? [];
}

export async function getRun(name: string, id: string, signal?: AbortSignal): Promise<MonitorRun> {
  return call<MonitorRun>('GET', path('monitors', name, 'runs', id), { signal });
}

export async function getSeries(name: string, of: string, feature: string, signal?: AbortSignal): Promise<SignalPoint[]> {
  const query = { signal: of, feature, since: '3650d' };
  return (await call<{ points?: SignalPoint[] }>('GET', path('monitors', name, 'series'), { query, signal })).points ?? [];
}

export async function runMonitor(name: string): Promise<void> {
  await call('POST', path('monitors', name, 'run'), { body: {} });
}

export async function listAlerts(state: string, signal?: AbortSignal): Promise<Alert[]> {
  const query = { state: state || undefined };
  return (await call<{ alerts?: Alert[] }>('GET', path('alerts'), { query, signal })).alerts ?? [];
}

export async function getAlert(id: string, signal?: AbortSignal): Promise<Alert> {
  return call<Alert>('GET', path('alerts', id), { signal });
}

export async function resolveAlert(id: string): Promise<void> {
  await call('POST', path('alerts', id, 'resolve'), { body: {} });
}

export interface LogQuestion {
  endpoint: string;
  status: string;
  since: string;
  contains: string;
}

export async function queryLogs(question: LogQuestion, pageToken: string | undefined, signal?: AbortSignal) {
  const query = {
    since: question.since,
    endpoint: question.endpoint || undefined,
    status: question.status || undefined,
    contains: question.contains || undefined,
    page_token: pageToken,
  };
  const answer = await call<{ requests?: LoggedRequest[]; next_page_token?: string }>('GET', path('logs'), { query, signal });
  return { requests: answer.requests ?? [], next: answer.next_page_token };
}
