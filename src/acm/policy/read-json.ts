import { messageOf } from '../../base/index.js';
import {
  type ConflictSet,
  createPolicy,
  type PolicyDocument,
  type PolicyReference,
  type ResourceLabel,
  type VmLabel,
  withoutEmptyType,
} from './document.js';
import { PolicyFormatError, type Position } from './finding.js';
import { jsonPosition, positionOfOffset } from './json-position.js';
import { rememberSource } from './source.js';
import { type PolicyVersion, tryPolicyVersion } from './version.js';

/** Longest JSON text that is read, in UTF-16 code units. */
export const maxPolicyLength = 64 * 1024 * 1024;

type JsonObject = Readonly<Record<string, unknown>>;

const policyKeys = new Set([
  'name',
  'version',
  'from_policy',
  'policy_url',
  'reference',
  'date',
  'namespace_url',
  'ste_types',
  'chwall_types',
  'chwall_primary',
  'conflict_sets',
  'bootstrap',
  'vm_labels',
  'resource_labels',
]);
const referenceKeys = new Set(['name', 'version']);
const setKeys = new Set(['name', 'types']);
const vmLabelKeys = new Set(['name', 'from', 'ste', 'chwall']);
const resourceLabelKeys = new Set(['name', 'from', 'ste']);

// Characters that the XML form could not carry or would not keep.
const notWritable =
  /[\u0000-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

class JsonReader {
  readonly #text: string | null;

  constructor(text: string | null) {
    this.#text = text;
  }

  fail(element: string, message: string): never {
    const position: Position = (this.#text === null ? null : jsonPosition(this.#text, element)) ?? {
      line: 1,
      column: 1,
    };
    throw new PolicyFormatError(
      'XSERR_BAD_XML',
      `${element === '' ? 'policy' : element}: ${message}`,
      element,
      position,
    );
  }

  object(value: unknown, element: string, keys: ReadonlySet<string>): JsonObject {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail(element, 'expected an object');
    for (const key of Object.keys(value)) {
      if (!keys.has(key)) this.fail(element === '' ? key : `${element}.${key}`, 'unknown field');
    }
    return value as JsonObject;
  }

  string(value: unknown, element: string): string {
    if (typeof value !== 'string') this.fail(element, value === undefined ? 'missing' : 'expected a string');
    if (notWritable.test(value)) this.fail(element, 'holds a character that policies cannot carry');
    return value;
  }

  list(value: unknown, element: string): readonly unknown[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) this.fail(element, 'expected a list');
    return value as readonly unknown[];
  }

  strings(value: unknown, element: string): string[] {
    return this.list(value, element).map((item, at) => this.string(item, `${element}[${at}]`));
  }

  version(value: unknown, element: string): PolicyVersion {
    const text = this.string(value, element);
    return tryPolicyVersion(text) ?? this.fail(element, `expected a version such as 1.0, got ${JSON.stringify(text)}`);
  }
}

function readReference(reader: JsonReader, value: unknown): PolicyReference | null {
  if (value === undefined || value === null) return null;
  const fields = reader.object(value, 'from_policy', referenceKeys);
  return {
    name: reader.string(fields['name'], 'from_policy.name'),
    version: reader.version(fields['version'], 'from_policy.version'),
  };
}

function readFrom(reader: JsonReader, fields: JsonObject, element: string): { readonly from?: string } {
  const from = fields['from'];
  return from === undefined || from === null ? {} : { from: reader.string(from, `${element}.from`) };
}

function readVmLabel(reader: JsonReader, value: unknown, element: string): VmLabel {
  const fields = reader.object(value, element, vmLabelKeys);
  return {
    name: reader.string(fields['name'], `${element}.name`),
    ...readFrom(reader, fields, element),
    ste: withoutEmptyType(reader.strings(fields['ste'], `${element}.ste`)),
    chwall: withoutEmptyType(reader.strings(fields['chwall'], `${element}.chwall`)),
  };
}

function readResourceLabel(reader: JsonReader, value: unknown, element: string): ResourceLabel {
  const fields = reader.object(value, element, resourceLabelKeys);
  const types = reader.strings(fields['ste'], `${element}.ste`);
  if (types.length !== 1) reader.fail(`${element}.ste`, `a resource label has exactly one type, got ${types.length}`);
  return {
    name: reader.string(fields['name'], `${element}.name`),
    ...readFrom(reader, fields, element),
    type: types[0] as string,
  };
}

function readConflictSet(reader: JsonReader, value: unknown, element: string): ConflictSet {
  const fields = reader.object(value, element, setKeys);
  return {
    name: reader.string(fields['name'], `${element}.name`),
    types: withoutEmptyType(reader.strings(fields['types'], `${element}.types`)),
  };
}

function optionalText(reader: JsonReader, fields: JsonObject, key: string): string | undefined {
  const value = fields[key];
  return value === undefined || value === null ? undefined : reader.string(value, key);
}

function readHeader(reader: JsonReader, fields: JsonObject): PolicyDocument['header'] {
  const url = optionalText(reader, fields, 'policy_url');
  const reference = optionalText(reader, fields, 'reference');
  const date = optionalText(reader, fields, 'date');
  const nameSpaceUrl = optionalText(reader, fields, 'namespace_url');
  return {
    ...(url === undefined ? {} : { url }),
    ...(reference === undefined ? {} : { reference }),
    ...(date === undefined ? {} : { date }),
    ...(nameSpaceUrl === undefined ? {} : { nameSpaceUrl }),
  };
}

function readPolicy(reader: JsonReader, value: unknown): PolicyDocument {
  const fields = reader.object(value, '', policyKeys);
  const chwallTypes = withoutEmptyType(reader.strings(fields['chwall_types'], 'chwall_types'));
  const primary = fields['chwall_primary'];
  if (primary !== undefined && typeof primary !== 'boolean') reader.fail('chwall_primary', 'expected true or false');
  return createPolicy({
    name: reader.string(fields['name'], 'name'),
    version: reader.version(fields['version'], 'version'),
    header: readHeader(reader, fields),
    fromPolicy: readReference(reader, fields['from_policy']),
    steTypes: withoutEmptyType(reader.strings(fields['ste_types'], 'ste_types')),
    chwallTypes,
    chwallPrimary: primary ?? chwallTypes.length > 0,
    conflictSets: reader
      .list(fields['conflict_sets'], 'conflict_sets')
      .map((set, at) => readConflictSet(reader, set, `conflict_sets[${at}]`)),
    bootstrap: fields['bootstrap'] === undefined ? '' : reader.string(fields['bootstrap'], 'bootstrap'),
    vmLabels: reader
      .list(fields['vm_labels'], 'vm_labels')
      .map((label, at) => readVmLabel(reader, label, `vm_labels[${at}]`)),
    resourceLabels: reader
      .list(fields['resource_labels'], 'resource_labels')
      .map((label, at) => readResourceLabel(reader, label, `resource_labels[${at}]`)),
  });
}

function parseText(text: string): unknown {
  if (text.length > maxPolicyLength) {
    throw new PolicyFormatError('XSERR_XML_PROCESSING', 'policy too long', '', { line: 1, column: 1 });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const at = /position (\d+)/.exec(messageOf(error));
    const position = positionOfOffset(text, at === null ? 0 : Number(at[1]));
    throw new PolicyFormatError('XSERR_XML_PROCESSING', 'not well-formed JSON', '', position, error);
  }
}

/**
 * Reads the JSON form of a policy: text, or a value already parsed. Lists may be left out; an unknown field is refused.
 * @throws PolicyFormatError `XSERR_XML_PROCESSING` not JSON, `XSERR_BAD_XML` not the shape of a policy
 */
export function parsePolicyJson(input: unknown): PolicyDocument {
  if (typeof input !== 'string') return readPolicy(new JsonReader(null), input);
  const document = readPolicy(new JsonReader(input), parseText(input));
  return rememberSource(document, { format: 'json', text: input });
}
