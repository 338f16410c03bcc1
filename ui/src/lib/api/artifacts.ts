/** Three places artifacts are read from, behind one shape: a run, a logged model, a model version. */
import { addressOf, call, errorFrom, send } from './http';
import type { FileEntry } from './types';

const api = 'ajax-api/2.0/mlflow';

export interface ArtifactSource {
  /** Distinguishes sources, so that a browser knows when to start over. */
  id: string;
  /** Absent where the server can only hand out files by name. */
  list?: (folder: string) => Promise<FileEntry[]>;
  address: (path: string) => string;
}

/** Pages of a listing that are followed before it is called complete. */
const LISTING_PAGES_MAX = 20;

async function listing(path: string, query: Record<string, string>): Promise<FileEntry[]> {
  const files: FileEntry[] = [];
  let token: string | undefined;
  for (let page = 0; page < LISTING_PAGES_MAX; page++) {
    const answer = await call<{ files?: FileEntry[]; next_page_token?: string }>('GET', path, {
      query: { ...query, page_token: token },
    });
    files.push(...(answer.files ?? []));
    token = answer.next_page_token;
    if (!token) break;
  }
  return files;
}

export function runArtifacts(runId: string): ArtifactSource {
  return {
    id: `run ${runId}`,
    list: (folder) => listing(`${api}/artifacts/list`, folder ? { run_id: runId, path: folder } : { run_id: runId }),
    address: (path) => addressOf('get-artifact', { path, run_uuid: runId }),
  };
}

export function loggedModelArtifacts(modelId: string): ArtifactSource {
  const base = `${api}/logged-models/${encodeURIComponent(modelId)}/artifacts`;
  return {
    id: `model ${modelId}`,
    list: (folder) => listing(`${base}/directories`, folder ? { artifact_directory_path: folder } : {}),
    address: (path) => addressOf(`${base}/files`, { artifact_file_path: path }),
  };
}

export function versionArtifacts(name: string, version: string): ArtifactSource {
  return {
    id: `version ${name} ${version}`,
    address: (path) => addressOf('model-versions/get-artifact', { name, version, path }),
  };
}

export interface FileHead {
  bytes: Uint8Array;
  /** Whether there is more behind `bytes`. */
  cut: boolean;
}

/** The first bytes of a file. `Range` asks for no more; a server that ignores it is hung up on. */
export async function readHead(url: string, limit: number, signal?: AbortSignal): Promise<FileHead> {
  const controller = new AbortController();
  signal?.addEventListener('abort', () => controller.abort());
  const response = await send(url, { headers: { Range: `bytes=0-${limit}` }, signal: controller.signal });
  // An empty file has no first byte to range over.
  if (response.status === 416) return { bytes: new Uint8Array(), cut: false };
  if (!response.ok) throw errorFrom(response.status, await response.text());
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader && size <= limit) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  if (size > limit) controller.abort();
  const bytes = new Uint8Array(Math.min(size, limit));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.length - at), at);
    at += Math.min(chunk.length, bytes.length - at);
  }
  return { bytes, cut: size > limit };
}

export async function readText(url: string, limit: number): Promise<string> {
  return new TextDecoder().decode((await readHead(url, limit)).bytes);
}
