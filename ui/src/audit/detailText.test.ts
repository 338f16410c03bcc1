import { expect, it } from 'vitest';
import { detailText } from './detailText';

it.each([
  [{ alias: 'baseline', from_version: null }, 'alias: baseline'],
  [{ params: ['a', 'b'], count: 2 }, 'params: ["a","b"], count: 2'],
  ['plain', 'plain'],
  [null, ''],
  [undefined, ''],
])('%j', (detail, expected) => expect(detailText(detail)).toBe(expected));
