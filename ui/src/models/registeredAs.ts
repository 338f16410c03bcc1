/** The model versions made from a logged model, as a tag of it lists them. */
import type { LoggedModel } from '../lib/api/types';

export interface VersionName {
  name: string;
  version: string;
}

/** Server and client both write the tag, one with numbers and one with text, so a version can be listed twice. */
export function registeredAs(model: Pick<LoggedModel, 'info'> | undefined): VersionName[] {
  const text = model?.info.tags?.find((tag) => tag.key === 'mlflow.modelVersions')?.value;
  if (!text) return [];
  try {
    const listed = JSON.parse(text) as { name: string; version: string | number }[];
    const byId = new Map(listed.map(({ name, version }) => [`${name}/${version}`, { name, version: String(version) }]));
    return [...byId.values()];
  } catch {
    return [];
  }
}
