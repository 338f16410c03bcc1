/**
 * Reads the few things the page shows from an `MLmodel` file. The file is YAML written by one program in one style
 * (block mappings and lists, folded scalars), so a reader of that style is enough; what it does not know it skips.
 */
export type Yaml = string | Yaml[] | { [key: string]: Yaml };

export interface SignatureField {
  name: string;
  type: string;
  required: boolean;
  shape?: number[];
}

export interface ModelSummary {
  flavors: string[];
  pythonVersion?: string;
  mlflowVersion?: string;
  modelId?: string;
  inputs: SignatureField[];
  outputs: SignatureField[];
  params: SignatureField[];
  inputExample?: string;
}

export function readModelSummary(text: string): ModelSummary {
  const root = asMap(parseYaml(text));
  const flavors = asMap(root.flavors);
  const signature = asMap(root.signature);
  return {
    flavors: Object.keys(flavors),
    pythonVersion: asText(asMap(flavors.python_function).python_version),
    mlflowVersion: asText(root.mlflow_version),
    modelId: asText(root.model_id),
    inputs: fields(signature.inputs),
    outputs: fields(signature.outputs),
    params: fields(signature.params),
    inputExample: asText(asMap(root.saved_input_example_info).artifact_path),
  };
}

interface RawField {
  name?: string;
  type?: unknown;
  required?: boolean;
  'tensor-spec'?: { dtype?: string; shape?: number[] };
}

/** A schema is JSON text inside the YAML. */
function fields(text: Yaml | undefined): SignatureField[] {
  if (typeof text !== 'string' || text === 'null') return [];
  try {
    const raw = JSON.parse(text) as RawField[];
    return raw.map((field, index) => {
      const tensor = field['tensor-spec'];
      return {
        name: field.name ?? `${index}`,
        type: tensor ? `tensor ${tensor.dtype ?? ''}` : typeof field.type === 'string' ? field.type : 'object',
        required: field.required !== false,
        shape: tensor?.shape,
      };
    });
  } catch {
    return [];
  }
}

/** A request body of the right shape, to start from. */
export function examplePayload(inputs: SignatureField[]): string {
  const first = inputs[0];
  if (!first) return JSON.stringify({ inputs: [] }, null, 2);
  if (first.shape) {
    const value = first.shape.slice().reverse().reduce<unknown>((inner, size) => Array(size < 0 ? 1 : size).fill(inner), 0);
    return JSON.stringify({ inputs: inputs.length > 1 ? { [first.name]: value } : value }, null, 2);
  }
  const row = inputs.map((field) => exampleValue(field.type));
  return JSON.stringify({ dataframe_split: { columns: inputs.map((field) => field.name), data: [row] } }, null, 2);
}

function exampleValue(type: string): unknown {
  if (type === 'string') return 'text';
  if (type === 'boolean') return true;
  if (type === 'datetime') return '2026-01-01T00:00:00';
  return type === 'double' || type === 'float' ? 0.5 : 1;
}

interface Line {
  indent: number;
  text: string;
}

export function parseYaml(text: string): Yaml {
  const lines: Line[] = text
    .split('\n')
    .filter((line) => line.trim() && !line.trimStart().startsWith('#'))
    .map((line) => ({ indent: line.length - line.trimStart().length, text: line.trim() }));
  return block(lines, { at: 0 }, 0);
}

type Cursor = { at: number };

function block(lines: Line[], cursor: Cursor, indent: number): Yaml {
  const map: { [key: string]: Yaml } = {};
  const list: Yaml[] = [];
  while (cursor.at < lines.length) {
    const line = lines[cursor.at]!;
    if (line.indent < indent) break;
    cursor.at++;
    if (line.text.startsWith('- ')) {
      list.push(scalar(line.text.slice(2), lines, cursor, indent));
      continue;
    }
    const match = /^("[^"]*"|'[^']*'|[^:]+):(?:\s+(.*))?$/.exec(line.text);
    if (!match) continue;
    map[unquote(match[1]!)] = match[2] ? scalar(match[2], lines, cursor, indent) : nested(lines, cursor, indent);
  }
  return list.length ? list : map;
}

/** A list may stand at the indent of its own key. */
function nested(lines: Line[], cursor: Cursor, indent: number): Yaml {
  const next = lines[cursor.at];
  if (!next) return '';
  if (next.indent === indent && next.text.startsWith('- ')) {
    const list: Yaml[] = [];
    while (lines[cursor.at]?.indent === indent && lines[cursor.at]!.text.startsWith('- ')) {
      list.push(scalar(lines[cursor.at++]!.text.slice(2), lines, cursor, indent));
    }
    return list;
  }
  return next.indent > indent ? block(lines, cursor, next.indent) : '';
}

/** A scalar goes on over the deeper lines that follow it. */
function scalar(first: string, lines: Line[], cursor: Cursor, indent: number): string {
  let text = first;
  while (cursor.at < lines.length && lines[cursor.at]!.indent > indent) {
    const next = lines[cursor.at++]!.text;
    text = text.startsWith('"') && text.endsWith('\\') ? text.slice(0, -1) + next.replace(/^\\ /, ' ') : `${text} ${next}`;
  }
  return unquote(text);
}

function unquote(text: string): string {
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1).replaceAll("''", "'");
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

const asMap = (value: Yaml | undefined): { [key: string]: Yaml } =>
  value && typeof value === 'object' && !Array.isArray(value) ? value : {};
const asText = (value: Yaml | undefined): string | undefined => (typeof value === 'string' && value ? value : undefined);
