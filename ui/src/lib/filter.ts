/**
 * Text in MLflow's filter grammar. The grammar has no escape inside quotes, so a value holding both kinds of quote
 * can only be matched with a wildcard in their place.
 */
export type FilterKind = 'metrics' | 'params' | 'tags' | 'attributes';

const BARE_KEY = /^[A-Za-z_][\w.]*$/;
const COMPARISON = /(!=|<=|>=|=|<|>|\b(?:i?like|in|not in|is(?: not)? null)\b)/i;

/** `params.depth`, or with back-ticks where the key is no plain word. */
export function column(kind: FilterKind, key: string): string {
  return `${kind}.${BARE_KEY.test(key) ? key : `\`${key}\``}`;
}

export function quote(value: string): string {
  return value.includes("'") ? `"${value.replaceAll('"', '_')}"` : `'${value}'`;
}

/** A quoted pattern that finds `text` anywhere. */
export function likeValue(text: string): string {
  return quote(`%${text}%`);
}

/** The condition that keeps the runs that share one cell of the table. */
export function equals(kind: FilterKind, key: string, value: string): string {
  if (kind === 'metrics') return `${column(kind, key)} = ${value}`;
  const bothQuotes = value.includes("'") && value.includes('"');
  return `${column(kind, key)} ${bothQuotes ? 'LIKE' : '='} ${quote(value)}`;
}

export function and(filter: string, condition: string): string {
  const present = filter.trim();
  if (!present) return condition;
  return present.includes(condition) ? present : `${present} AND ${condition}`;
}

/** Words without a comparison are taken for part of a run's name. */
export function runFilterFromInput(input: string): string {
  return filterFromInput(input, (text) => `attributes.run_name ILIKE ${likeValue(text)}`);
}

export function experimentFilterFromInput(input: string): string {
  return filterFromInput(input, (text) => `name ILIKE ${likeValue(text)}`);
}

function filterFromInput(input: string, byName: (text: string) => string): string {
  const text = input.trim();
  return !text || COMPARISON.test(text) ? text : byName(text);
}

export interface Completion {
  /** Where the word being typed begins. */
  start: number;
  options: string[];
}

/** Columns that could complete the word before the caret. */
export function completions(input: string, caret: number, columns: string[], limit = 8): Completion {
  const before = input.slice(0, caret);
  const start = /[\w.`/-]*$/.exec(before)?.index ?? caret;
  const word = before.slice(start).replaceAll('`', '').toLowerCase();
  if (word.length === 0) return { start, options: [] };
  const scored = columns
    .map((name) => ({ name, at: name.replaceAll('`', '').toLowerCase().indexOf(word) }))
    .filter(({ name, at }) => at >= 0 && name.length > word.length);
  scored.sort((a, b) => a.at - b.at || a.name.length - b.name.length || a.name.localeCompare(b.name));
  return { start, options: scored.slice(0, limit).map(({ name }) => name) };
}
