/** One question to the server and what became of it. */
import { isAbort } from './api/http';

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  /** Asks again; what is shown stays until the answer is there. */
  reload: () => Promise<void>;
}

/**
 * Asks when `key()` becomes known and whenever it changes. Only the newest question may answer.
 * To be called while a component starts.
 */
export function load<K, T>(key: () => K | undefined, ask: (key: K, signal: AbortSignal) => Promise<T>): Loaded<T> {
  let box = $state.raw<{ value?: T; error?: unknown; loading: boolean }>({ loading: true });
  let controller: AbortController | undefined;

  async function run(wanted: K, keep: boolean) {
    controller?.abort();
    const mine = (controller = new AbortController());
    box = { value: keep ? box.value : undefined, error: undefined, loading: true };
    try {
      const value = await ask(wanted, mine.signal);
      if (!mine.signal.aborted) box = { value, loading: false };
    } catch (error) {
      if (!mine.signal.aborted && !isAbort(error)) box = { value: keep ? box.value : undefined, error, loading: false };
    }
  }

  const identity = $derived(JSON.stringify(key()));
  $effect(() => {
    // The key is compared by value: a parent that renders again does not ask again.
    if (identity !== undefined) void run(JSON.parse(identity) as K, false);
    return () => controller?.abort();
  });

  return {
    get value() {
      return box.value;
    },
    get error() {
      return box.error;
    },
    get loading() {
      return box.loading;
    },
    reload: () => (identity === undefined ? Promise.resolve() : run(JSON.parse(identity) as K, true)),
  };
}
