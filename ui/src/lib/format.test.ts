import { describe, expect, it } from 'vitest';
import { formatAgo, formatBytes, formatDuration, formatNumber, plural, runDuration, toNumber } from './format';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [42, '42'],
    [1234567, '1,234,567'],
    [0.1 + 0.2, '0.3'],
    [3.14159265, '3.1416'],
    [-0.5, '−0.5'],
    [0.00001234, '1.234e−5'],
    [12345678.9, '1.235e7'],
    ['NaN', 'NaN'],
    ['-Infinity', '−∞'],
    [1.7976931348623157e308, '∞'],
    [undefined, ''],
  ])('%s', (value, expected) => expect(formatNumber(value)).toBe(expected));
});

it('reads the numbers JSON cannot write', () => {
  expect(toNumber('NaN')).toBeNaN();
  expect(toNumber('Infinity')).toBe(Infinity);
  expect(toNumber('12')).toBe(12);
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1234, '1.2 s'],
    [59_900, '59 s'],
    [200_000, '3 min 20 s'],
    [180_000, '3 min'],
    [18_600_000, '5 h 10 min'],
    [183_600_000, '2 d 3 h'],
    [undefined, ''],
    [-5, ''],
  ])('%s', (value, expected) => expect(formatDuration(value)).toBe(expected));
});

it('counts a run without an end up to now', () => {
  expect(runDuration(1000, undefined, 5000)).toBe(4000);
  expect(runDuration(1000, 0, 5000)).toBe(4000);
  expect(runDuration(1000, 3000, 5000)).toBe(2000);
  expect(runDuration(undefined, 3000, 5000)).toBeUndefined();
});

describe('formatAgo', () => {
  const now = Date.UTC(2026, 5, 1);
  it.each([
    [10_000, 'just now'],
    [60_000, '1 min ago'],
    [3_600_000, '60 min ago'],
    [7_200_000, '2 h ago'],
    [172_800_000, '2 days ago'],
  ])('%s', (age, expected) => expect(formatAgo(now - age, now)).toBe(expected));
  it('writes nothing for no time', () => expect(formatAgo(undefined, now)).toBe(''));
});

it('writes sizes', () => {
  expect([0, 1023, 1024, 1536, 20 * 1024 ** 2, 5 * 1024 ** 4].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KB', '1.5 KB', '20 MB', '5.0 TB']);
});

it('counts in words', () => {
  expect([plural(1, 'run'), plural(2, 'run'), plural(1200, 'run')]).toEqual(['1 run', '2 runs', '1,200 runs']);
});
