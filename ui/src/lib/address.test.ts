import { describe, expect, it, vi } from 'vitest';
import { formatAddress, parseAddress } from './address';
import { routes, viewOf } from './routes';

vi.stubGlobal('location', { href: 'http://host/' });

describe('addresses', () => {
  it('come back as they went', () => {
    const address = { path: ['models', 'a/b c'], query: { filter: "params.x = '1' AND metrics.`a/b` > 2" } };
    expect(parseAddress(formatAddress(address))).toEqual(address);
  });
  it('survive a stray percent sign', () => expect(parseAddress('#/models/50%').path).toEqual(['models', '50%']));
});

describe('views', () => {
  const view = (hash: string) => viewOf(parseAddress(hash));
  it('understands the links the Python client prints', () => {
    expect(view('#/experiments/1/runs/abc')).toEqual({ page: 'run', experimentId: '1', runId: 'abc', tab: '', rest: [] });
    expect(view('#/experiments/1/models/m-1')).toEqual({ page: 'logged-model', experimentId: '1', modelId: 'm-1' });
    expect(view('#/models/net/versions/2')).toEqual({ page: 'model-version', name: 'net', version: '2' });
    expect(view('#/models/net/2')).toEqual({ page: 'model-version', name: 'net', version: '2' });
  });
  it('reads back its own links', () => {
    expect(view(routes.compare(['a', 'b'], ['1']))).toEqual({ page: 'compare', runIds: ['a', 'b'], experimentIds: ['1'] });
    expect(view(routes.run('1', 'abc', 'artifacts', 'report', 'x.csv'))).toMatchObject({ tab: 'artifacts', rest: ['report', 'x.csv'] });
  });
  it('starts with the experiments', () => expect(view('')).toEqual({ page: 'experiments' }));
  it('does not stumble over a bad list', () => expect(view('#/compare-runs?runs=[')).toMatchObject({ runIds: [] }));
});
