import { describe, expect, it } from 'vitest';
import { looksLikeText, prettyJson, previewKind } from './kinds';

it.each([
  ['a/b/plot.PNG', 'image'],
  ['table.csv', 'table'],
  ['summary.json', 'json'],
  ['report.html', 'html'],
  ['MLmodel', 'text'],
  ['folder.json/weights', 'unknown'],
  ['weights.bin', 'unknown'],
])('%s is %s', (path, kind) => expect(previewKind(path)).toBe(kind));

describe('prettyJson', () => {
  it('keeps short lists on one line', () => {
    expect(prettyJson('{"a":[1,2],"b":[[1],["x ] y"]]}')).toBe('{\n  "a": [1, 2],\n  "b": [\n    [1],\n    [\n      "x ] y"\n    ]\n  ]\n}');
  });
  it('leaves what is no JSON', () => expect(prettyJson('{"a": ')).toBe('{"a": '));
});

it('tells text from bytes', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(looksLikeText(bytes('läuft\tgut\n'))).toBe(true);
  expect(looksLikeText(bytes('PK\u0003\u0004\u0000'))).toBe(false);
  expect(looksLikeText(new Uint8Array())).toBe(true);
});
