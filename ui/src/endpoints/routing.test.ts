import { expect, test } from 'vitest';
import { routingOf, rowsOf } from './routing';

const EMPTY = { rules: [], stickyKind: 'none' as const, stickyKey: '', mirrorTo: '', mirrorPercent: 10, tolerance: 0 };

test('what is shown goes back as it came', () => {
  const rules = [
    { header: 'x-tenant', exact: 'acme', deployment: 'green' },
    { header: 'x-build', prefix: 'beta-', deployment: 'blue' },
  ];
  expect(routingOf({ ...EMPTY, rules: rowsOf(rules) })).toEqual({ rules, sticky: null, mirror: null });
});

test('sticky keys and the mirror', () => {
  expect(routingOf({ ...EMPTY, stickyKind: 'field', stickyKey: ' /a/0 ', mirrorTo: 'shadow', mirrorPercent: 20, tolerance: 1e-9 })).toEqual({
    rules: [],
    sticky: { field: '/a/0' },
    mirror: { deployment: 'shadow', percent: 20, tolerance: 1e-9 },
  });
});

test('nothing is sent while something is missing', () => {
  const row = { key: '1', header: 'x-tenant', kind: 'exact' as const, value: '', deployment: 'blue' };
  expect(routingOf({ ...EMPTY, rules: [row] })).toBeUndefined();
  expect(routingOf({ ...EMPTY, stickyKind: 'header' })).toBeUndefined();
  expect(routingOf({ ...EMPTY, mirrorTo: 'shadow', mirrorPercent: null })).toBeUndefined();
});
