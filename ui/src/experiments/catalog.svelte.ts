/** The experiments the rail lists: the most recently changed ones, known to every page. */
import { searchExperiments } from '../lib/api/tracking';
import type { Experiment } from '../lib/api/types';

const LISTED_MAX = 200;

let state = $state.raw<{ items: Experiment[]; more: boolean; loading: boolean }>({ items: [], more: false, loading: true });

async function reload(): Promise<void> {
  try {
    const page = await searchExperiments({ maxResults: LISTED_MAX });
    state = { items: page.items, more: page.next !== undefined, loading: false };
  } catch {
    // The page beside the rail asks the same server and says what is wrong.
    state = { ...state, loading: false };
  }
}

void reload();

export const catalog = {
  get items() {
    return state.items;
  },
  get more() {
    return state.more;
  },
  get loading() {
    return state.loading;
  },
  reload,
};
