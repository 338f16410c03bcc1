/** The part of the address behind `#`, as path segments and query. */
export interface Address {
  path: string[];
  query: Record<string, string>;
}

export function parseAddress(hash: string): Address {
  const text = hash.replace(/^#/, '');
  const [path = '', query = ''] = splitOnce(text, '?');
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

export function formatAddress({ path, query }: Address): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`;
}

function splitOnce(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** A stray `%` in a pasted link is shown as it is; it is no reason to show nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
