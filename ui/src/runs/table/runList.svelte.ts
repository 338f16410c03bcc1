/** The runs of one experiment that match a filter: pages as they are needed, refreshed while somebody looks. */
import { ApiError, isAbort } from '../../lib/api/http';
import { searchRuns } from '../../lib/api/tracking';
import { appendNew } from '../../lib/pages';
import type { Run } from '../../lib/api/types';
import { KeyCollector, type KnownKeys } from './columns';
import { mergeHead, rowOf, type RunRow } from './rows';

export interface RunQuery {
  experimentIds: string[];
  filter: string;
  orderBy: string;
  deleted: boolean;
}

/** Small enough to be on the screen at once, large enough to fill it. */
const FIRST_PAGE = 100;
const NEXT_PAGE = 500;
const REFRESHED_MAX = 1000;

export class RunList {
  rows = $state.raw<RunRow[]>([]);
  known = $state.raw<KnownKeys>({ metrics: [], params: [], tags: [] });
  /** The first answer to the present question has not come yet. */
  loading = $state(true);
  error = $state.raw<unknown>();
  #next = $state<string>();
  #loadingMore = $state(false);
  #query: RunQuery | undefined;
  #keys = new KeyCollector();
  #controller = new AbortController();

  /** The server understood the question and found fault with it, in the filter as a rule. */
  get refused(): boolean {
    return this.error instanceof ApiError && this.error.status === 400;
  }

  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  get loadingMore(): boolean {
    return this.#loadingMore;
  }

  /** A new question; the old rows stay until it is answered. */
  async ask(query: RunQuery): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#query = query;
    this.loading = true;
    await this.#guarded(async (signal) => {
      const page = await searchRuns({ ...this.#search(query), maxResults: FIRST_PAGE, signal });
      this.#keys = new KeyCollector();
      this.rows = this.#read(page.items);
      this.#next = page.next;
      this.error = undefined;
    });
  }

  async more(): Promise<void> {
    const query = this.#query;
    if (!query || !this.#next || this.#loadingMore || this.loading) return;
    this.#loadingMore = true;
    await this.#guarded(async (signal) => {
      const page = await searchRuns({ ...this.#search(query), maxResults: NEXT_PAGE, pageToken: this.#next, signal });
      this.rows = appendNew(this.rows, this.#read(page.items), (row) => row.id);
      this.#next = page.next;
    });
    this.#loadingMore = false;
  }

  /** The head of the list as it is now. A question the server has refused is not asked again. */
  async refresh(): Promise<void> {
    const query = this.#query;
    if (!query || this.loading || this.#loadingMore || this.refused) return;
    await this.#guarded(async (signal) => {
      const wanted = Math.min(Math.max(this.rows.length, FIRST_PAGE), REFRESHED_MAX);
      const page = await searchRuns({ ...this.#search(query), maxResults: wanted, signal });
      const all = this.rows.length <= wanted;
      const fresh = this.#read(page.items);
      this.rows = all ? fresh : mergeHead(this.rows, fresh);
      if (all) this.#next = page.next;
      this.error = undefined;
    });
  }

  #read(runs: Run[]): RunRow[] {
    const rows = runs.map(rowOf);
    this.known = this.#keys.add(rows);
    return rows;
  }

  #search(query: RunQuery) {
    return {
      experimentIds: query.experimentIds,
      filter: query.filter,
      orderBy: query.orderBy ? [query.orderBy] : [],
      deleted: query.deleted,
    };
  }

  async #guarded(step: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#controller;
    try {
      await step(signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.error = error;
    }
    if (!signal.aborted) this.loading = false;
  }
}
