import { expect, it } from 'vitest';
import { entityHref } from './entityHref';

it.each([
  ['experiment', '3', '#/experiments/3'],
  ['run', 'abc', '#/experiments/0/runs/abc'],
  ['model_version', 'iris net/3', '#/models/iris%20net/versions/3'],
  ['registered_model', 'iris', '#/models/iris'],
  ['model_version', 'odd', undefined],
  ['something new', 'x', undefined],
])('%s %s', (type, id, expected) => expect(entityHref(type, id)).toBe(expected));
