import { describe, expect, it } from 'vitest';
import { examplePayload, parseYaml, readModelSummary } from './mlmodel';

const FILE = `artifact_path: mlflow-artifacts:/2/models/m-1/artifacts
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    python_version: 3.11.2
  sklearn:
    code: null
    sklearn_version: 1.6.0
mlflow_version: 3.18.0
model_id: m-1
prompts: null
saved_input_example_info:
  artifact_path: input_example.json
  type: dataframe
signature:
  inputs: '[{"type": "double", "name": "age", "required": true}, {"type": "string",
    "name": "customer''s plan", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
tags:
- one
- two
utc_time_created: '2026-01-01 00:00:00'
`;

it('reads what the page shows', () => {
  const summary = readModelSummary(FILE);
  expect(summary.flavors).toEqual(['python_function', 'sklearn']);
  expect(summary.pythonVersion).toBe('3.11.2');
  expect(summary.inputExample).toBe('input_example.json');
  expect(summary.inputs).toEqual([
    { name: 'age', type: 'double', required: true, shape: undefined },
    { name: "customer's plan", type: 'string', required: false, shape: undefined },
  ]);
  expect(summary.outputs).toEqual([{ name: '0', type: 'tensor int64', required: true, shape: [-1] }]);
  expect(summary.params).toEqual([]);
});

it('reads lists that stand at the indent of their key', () => {
  expect(parseYaml('tags:\n- one\n- two\nafter: yes\n')).toEqual({ tags: ['one', 'two'], after: 'yes' });
});

it.each(['', 'no colon here', ':::', 'a: "broken\nb: 2'])('survives %j', (text) => {
  expect(readModelSummary(text).inputs).toEqual([]);
});

describe('examplePayload', () => {
  it('is a row of the signature', () => {
    expect(JSON.parse(examplePayload(readModelSummary(FILE).inputs))).toEqual({
      dataframe_split: { columns: ['age', "customer's plan"], data: [[0.5, 'text']] },
    });
  });
  it('is a tensor of the declared shape', () => {
    const field = { name: '0', type: 'tensor float32', required: true, shape: [-1, 3] };
    expect(JSON.parse(examplePayload([field]))).toEqual({ inputs: [[0, 0, 0]] });
  });
});
