/** The columns a reader chose for an experiment, remembered in this browser. */
const keyOf = (experimentId: string) => `fettle.columns.${experimentId}`;

export function storedColumns(experimentId: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(keyOf(experimentId)) ?? 'null');
    return Array.isArray(value) ? value.map(String) : undefined;
  } catch {
    return undefined;
  }
}

export function storeColumns(experimentId: string, ids: string[] | undefined): void {
  if (ids) localStorage.setItem(keyOf(experimentId), JSON.stringify(ids));
  else localStorage.removeItem(keyOf(experimentId));
}
