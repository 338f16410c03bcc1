/** Joins the pages of a list. Offsets shift while a list grows, so the next page can begin with what is known. */
export function appendNew<T>(items: T[], more: T[], idOf: (item: T) => string): T[] {
  const known = new Set(items.map(idOf));
  return [...items, ...more.filter((item) => !known.has(idOf(item)))];
}
