/** Where the reader is: the address behind `#` as state, and the two ways to move. */
import { formatAddress, parseAddress } from './address';
import { viewOf } from './routes';

let hash = $state(location.hash);
window.addEventListener('hashchange', () => (hash = location.hash));

const address = $derived(parseAddress(hash));
const view = $derived(viewOf(address));

export const here = {
  get address() {
    return address;
  },
  get view() {
    return view;
  },
};

export function goTo(href: string): void {
  location.hash = href.replace(/^#/, '');
}

/** Moves without a history entry, for state such as an open file that should survive a reload. */
export function replaceAddress(href: string): void {
  history.replaceState(null, '', href);
  hash = href;
}

export function replaceQuery(query: Record<string, string>): void {
  replaceAddress(formatAddress({ path: address.path, query }));
}
