import { expect, it } from 'vitest';
import { registeredAs } from './registeredAs';

const tagged = (value: string) => ({ info: { model_id: 'm-1', experiment_id: '1', name: 'm', tags: [{ key: 'mlflow.modelVersions', value }] } });

it('lists each version once, however it was written', () => {
  expect(registeredAs(tagged('[{"name": "net", "version": 2}, {"name": "net", "version": "2"}, {"name": "net", "version": "3"}]'))).toEqual([
    { name: 'net', version: '2' },
    { name: 'net', version: '3' },
  ]);
});

it.each(['', 'no json', '{}', '[null]'])('survives %j', (text) => expect(registeredAs(tagged(text))).toEqual([]));
it('survives no model', () => expect(registeredAs(undefined)).toEqual([]));
