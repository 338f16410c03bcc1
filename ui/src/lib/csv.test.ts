import { expect, it } from 'vitest';
import { parseDelimited } from './csv';

it.each([
  ['a,b\n1,2\n', [['a', 'b'], ['1', '2']]],
  ['a,b\r\n1,2', [['a', 'b'], ['1', '2']]],
  ['"x, y","say ""hi"""\n', [['x, y', 'say "hi"']]],
  ['"two\nlines",z', [['two\nlines', 'z']]],
  ['a,,\n', [['a', '', '']]],
  ['', []],
])('%j', (text, expected) => expect(parseDelimited(text, ',', 100)).toEqual(expected));

it('stops at the limit', () => expect(parseDelimited('1\n2\n3\n', ',', 2)).toEqual([['1'], ['2']]));
it('reads tabs', () => expect(parseDelimited('a\tb,c', '\t', 9)).toEqual([['a', 'b,c']]));
