/** Repeats a question while somebody is looking. */
import { untrack } from 'svelte';

export interface Poll {
  /** Asks at once, for instance after a change. */
  now: () => void;
}

/**
 * Asks every `interval()` milliseconds, never twice at a time, and not while the tab is hidden. After a slow answer
 * it waits longer, so that a page left open is no load on a struggling server. To be called while a component starts.
 */
export function poll(ask: () => Promise<void>, interval: () => number): Poll {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  let stopped = false;

  async function run() {
    clearTimeout(timer);
    if (asking || stopped) return;
    asking = true;
    const began = Date.now();
    await ask().catch(() => undefined);
    asking = false;
    if (!stopped) timer = setTimeout(tick, Math.max(interval(), 4 * (Date.now() - began)));
  }
  const tick = () => (document.hidden ? undefined : void run());
  const onVisible = () => {
    if (!document.hidden) void run();
  };

  $effect(() => {
    // Untracked: polling lasts as long as the component, whatever the interval is computed from.
    timer = setTimeout(tick, untrack(interval));
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  });
  return { now: () => void run() };
}
