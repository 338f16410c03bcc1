/** A traffic state's rules as a form edits them, and back. */
import type { RoutingChange, TrafficState } from '../lib/api/serving';

export type StickyKind = 'none' | 'header' | 'field';

export interface RuleRow {
  key: string;
  header: string;
  kind: 'exact' | 'prefix';
  value: string;
  deployment: string;
}

export interface RoutingForm {
  rules: RuleRow[];
  stickyKind: StickyKind;
  stickyKey: string;
  mirrorTo: string;
  mirrorPercent: number | null;
  tolerance: number | null;
}

export function rowsOf(rules: TrafficState['rules']): RuleRow[] {
  return rules.map((rule, index) => ({
    key: String(index),
    header: rule.header,
    kind: rule.prefix === undefined ? 'exact' : 'prefix',
    value: rule.prefix ?? rule.exact ?? '',
    deployment: rule.deployment,
  }));
}

/** `undefined` while something is missing. */
export function routingOf(form: RoutingForm): RoutingChange | undefined {
  const rules = form.rules.map(({ header: name, kind, value, deployment }) => {
    const header = name.trim();
    return kind === 'exact' ? { header, exact: value, deployment } : { header, prefix: value, deployment };
  });
  const stickyKey = form.stickyKey.trim();
  const missing =
    form.rules.some((rule) => !rule.header.trim() || !rule.value || !rule.deployment) ||
    (form.stickyKind !== 'none' && !stickyKey) ||
    (form.mirrorTo !== '' && (!form.mirrorPercent || form.tolerance === null));
  if (missing) return undefined;
  return {
    rules,
    sticky: form.stickyKind === 'none' ? null : form.stickyKind === 'header' ? { header: stickyKey } : { field: stickyKey },
    mirror: form.mirrorTo === '' ? null : { deployment: form.mirrorTo, percent: form.mirrorPercent ?? 0, tolerance: form.tolerance ?? 0 },
  };
}
