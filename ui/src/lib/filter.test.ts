import { describe, expect, it } from 'vitest';
import { and, column, completions, equals, experimentFilterFromInput, likeValue, runFilterFromInput } from './filter';

describe('column', () => {
  it.each([
    ['metrics', 'auc', 'metrics.auc'],
    ['metrics', 'val/auc', 'metrics.`val/auc`'],
    ['tags', 'mlflow.parentRunId', 'tags.mlflow.parentRunId'],
    ['params', 'max depth', 'params.`max depth`'],
  ] as const)('%s %s', (kind, key, expected) => expect(column(kind, key)).toBe(expected));
});

describe('values', () => {
  it('picks the quote that does not occur', () => {
    expect(equals('params', 'name', 'plain')).toBe("params.name = 'plain'");
    expect(equals('params', 'name', "it's")).toBe('params.name = "it\'s"');
  });
  it('matches by wildcard what the grammar cannot quote', () => {
    expect(equals('tags', 'x', `a'b"c`)).toBe(`tags.x LIKE "a'b_c"`);
  });
  it('writes metrics bare', () => expect(equals('metrics', 'auc', '0.5')).toBe('metrics.auc = 0.5'));
  it('finds text anywhere', () => expect(likeValue('net')).toBe("'%net%'"));
});

describe('and', () => {
  it('joins', () => expect(and("params.a = '1'", "params.b = '2'")).toBe("params.a = '1' AND params.b = '2'"));
  it('starts from nothing', () => expect(and('  ', "params.b = '2'")).toBe("params.b = '2'"));
  it('does not repeat a condition', () => expect(and("params.b = '2'", "params.b = '2'")).toBe("params.b = '2'"));
});

describe('text typed into a search box', () => {
  it.each([
    ['', ''],
    ['  forest ', "attributes.run_name ILIKE '%forest%'"],
    ['metrics.auc > 0.9', 'metrics.auc > 0.9'],
    ["tags.team LIKE 'o%'", "tags.team LIKE 'o%'"],
    ['params.x IS NOT NULL', 'params.x IS NOT NULL'],
    // A name that merely holds letters of an operator is a name.
    ['linear', "attributes.run_name ILIKE '%linear%'"],
  ])('%s', (input, expected) => expect(runFilterFromInput(input)).toBe(expected));
  it('searches experiments by name', () => expect(experimentFilterFromInput('churn')).toBe("name ILIKE '%churn%'"));
});

describe('completions', () => {
  const columns = ['metrics.auc', 'metrics.`val/auc`', 'params.depth', 'attributes.run_name'];
  it('completes the word before the caret', () => {
    const text = "params.depth = '3' AND met";
    expect(completions(text, text.length, columns)).toEqual({ start: 23, options: ['metrics.auc', 'metrics.`val/auc`'] });
  });
  it('finds a key by its own name', () => expect(completions('val', 3, columns).options).toEqual(['metrics.`val/auc`']));
  it('offers nothing for nothing', () => expect(completions('', 0, columns).options).toEqual([]));
});
