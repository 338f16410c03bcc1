/** How a file is shown, judged by its name and, failing that, by its first bytes. */
export type PreviewKind = 'image' | 'table' | 'json' | 'html' | 'text' | 'unknown';

const KINDS: [PreviewKind, string][] = [
  ['image', 'png jpg jpeg gif webp svg bmp ico avif'],
  ['table', 'csv tsv'],
  ['json', 'json geojson ipynb'],
  ['html', 'html htm'],
  ['text', 'txt log md rst py r sql sh js ts css yaml yml toml ini cfg conf xml jsonl patch diff env mlmodel mlproject'],
];
const BY_EXTENSION = new Map(KINDS.flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind] as const)));

export function previewKind(path: string): PreviewKind {
  const name = (path.split('/').at(-1) ?? '').toLowerCase();
  return BY_EXTENSION.get(name.split('.').at(-1) ?? '') ?? 'unknown';
}

/** Text has no zero bytes and hardly any other control characters. */
export function looksLikeText(head: Uint8Array): boolean {
  let strange = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if (byte < 9 || (byte > 13 && byte < 32)) strange++;
  }
  return strange <= head.length / 100;
}

const SHORT_LIST = 100;

/** JSON set out over lines, short lists on one, or the text as it is when it is no JSON (a cut file, for one). */
export function prettyJson(text: string): string {
  try {
    const lines = JSON.stringify(JSON.parse(text), null, 2);
    return lines.replace(/\[\n\s+([^[\]{}]*?)\n\s*\]/g, (whole, items: string) => {
      const short = items.replace(/\n\s*/g, ' ');
      return short.length <= SHORT_LIST ? `[${short}]` : whole;
    });
  } catch {
    return text;
  }
}
