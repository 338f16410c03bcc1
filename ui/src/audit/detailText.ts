/** The detail of an audit entry in a line: `alias: baseline, from_version: 2`. What is null goes without saying. */
export function detailText(detail: unknown): string {
  if (detail === null || detail === undefined) return '';
  if (typeof detail !== 'object' || Array.isArray(detail)) return text(detail);
  return Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}: ${text(value)}`)
    .join(', ');
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
