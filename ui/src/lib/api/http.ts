/**
 * One function through which every call leaves the page. Addresses are relative to the page, so a server that
 * mounts it under a prefix needs no configuration here.
 */
export const serverRoot = new URL('.', location.href.replace(/[?#].*$/, ''));

export type Query = Record<string, string | number | boolean | string[] | undefined>;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** The server does not know this path at all: a feature it lacks, not a missing thing. */
  get isUnsupported(): boolean {
    return (this.status === 404 && this.code !== 'RESOURCE_DOES_NOT_EXIST') || this.status === 405 || this.status === 501;
  }

  get isMissing(): boolean {
    return this.status === 404 || this.code === 'RESOURCE_DOES_NOT_EXIST';
  }
}

export function addressOf(path: string, query: Query = {}): string {
  const url = new URL(path, serverRoot);
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const item of value) url.searchParams.append(key, item);
    else if (value !== undefined) url.searchParams.set(key, String(value));
  }
  return url.href;
}

export interface CallOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(addressOf(path, options.query), {
    method,
    signal: options.signal,
    headers: options.body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  });
  const text = await response.text();
  if (!response.ok) throw errorFrom(response.status, text);
  if (!text) return {} as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    // A server without this path may answer its web page with 200.
    throw new ApiError(404, 'ENDPOINT_NOT_FOUND', `${path} did not answer with JSON.`);
  }
}

/** `fetch` whose failures read like sentences. */
export async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError(0, 'UNREACHABLE', 'The server does not answer.');
  }
}

/** MLflow answers `error_code` and `message`, Fettle's own API RFC 9457 problems, native routes `detail`. */
export function errorFrom(status: number, text: string): ApiError {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const message = body.message ?? body.detail ?? body.title;
    if (typeof message === 'string') return new ApiError(status, String(body.error_code ?? body.code ?? ''), message);
  } catch {
    // Not JSON: the status says all there is to say.
  }
  return new ApiError(status, '', status === 404 ? 'Not found on this server.' : `The server answered ${status}.`);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The address people put into `mlflow.set_tracking_uri`. */
export function trackingUri(): string {
  return serverRoot.href.replace(/\/$/, '');
}
