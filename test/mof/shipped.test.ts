import { hasQualifier, isAbstract, qualifierValue } from '../../src/cim/model/index.js';
import {
  builtinMofFiles,
  compileMof,
  type CompiledNamespace,
  formatDiagnostic,
  verifierMofFile,
} from '../../src/cim/mof/index.js';
import { shippedFiles, shippedLoader } from '../cim/mof/kit.js';

function compile(file: string): CompiledNamespace {
  const { errors, warnings, namespaces } = compileMof(shippedLoader, [file]);
  expect([...errors, ...warnings].map(formatDiagnostic)).toEqual([]);
  const [namespace] = namespaces;
  if (namespace === undefined || namespaces.length > 1) throw new Error(`${file} does not fill one namespace`);
  return namespace;
}

const entries = [...Object.values(builtinMofFiles), verifierMofFile];

test.each(entries)('%s compiles without errors or warnings, from its own includes', (file) => {
  const before = compile(file);
  expect(before.classes.length).toBeGreaterThan(90);
  const { files } = compileMof(shippedLoader, [file]);
  expect(files.every((name) => shippedFiles().has(name))).toBe(true);
});

test('every file is reached from one of the entries', () => {
  const reached = new Set(entries.flatMap((file) => compileMof(shippedLoader, [file]).files));
  expect([...shippedFiles().keys()].filter((name) => !reached.has(name))).toEqual([]);
});

const { classes, schema } = compile(verifierMofFile);
const ours = classes.filter(({ name }) => name.startsWith('TVDC_'));

test('every class has a description', () => {
  const undescribed = classes.filter((cls) => typeof qualifierValue(cls, 'Description') !== 'string');
  expect(undescribed.map(({ name }) => name)).toEqual([]);
});

test('our classes can have instances', () => {
  expect(ours.filter(isAbstract).map(({ name }) => name)).toEqual([]);
  const keyless = ours.filter(({ name }) => {
    const cls = schema.get(name);
    return cls !== undefined && !hasQualifier(cls, 'Indication') && !cls.properties.some((p) => hasQualifier(p, 'Key'));
  });
  expect(keyless.map(({ name }) => name)).toEqual([]);
});

describe('our methods', () => {
  const methods = ours.flatMap((cls) => cls.methods.map((method) => [`${cls.name}.${method.name}`, method] as const));

  test.each(methods)('%s returns uint32 with the map of return codes, and explains itself', (_name, method) => {
    expect(method.returnType).toBe('uint32');
    expect(qualifierValue(method, 'ValueMap')).toEqual(
      expect.arrayContaining(['0', '4096', '32768', '32769', '32770', '32771', '32772', '32773']),
    );
    const outs = method.parameters.filter((parameter) => hasQualifier(parameter, 'Out')).map(({ name }) => name);
    expect(outs).toEqual(expect.arrayContaining(['Explanation', 'DecisionID']));
  });

  test.each(methods)('%s takes at most one reference, last', (_name, { parameters }) => {
    const taken = parameters.filter((parameter) => !hasQualifier(parameter, 'Out'));
    const references = taken.filter(({ type }) => type === 'reference');
    expect(references.length).toBeLessThanOrEqual(1);
    if (references.length === 1) expect(parameters[parameters.length - 1]).toBe(references[0]);
  });

  test('have no names of intrinsic operations', () => {
    const intrinsic = /^(Get|Create|Modify|Delete|Enumerate)(Class|Instance|Qualifier|Property)s?$/;
    expect(methods.filter(([name]) => intrinsic.test(name.slice(name.indexOf('.') + 1)))).toEqual([]);
  });

  test('carry no arrays of octets: binary values are base64 text', () => {
    const elements = ours.flatMap((cls) => [...cls.properties, ...cls.methods.flatMap(({ parameters }) => parameters)]);
    expect(elements.filter(({ type, isArray }) => type === 'uint8' && isArray)).toEqual([]);
  });
});

test('concrete collections and components are not subclassed', () => {
  expect(schema.subclasses('CIM_ConcreteCollection')).toEqual([]);
  expect(schema.subclasses('CIM_ConcreteComponent')).toEqual([]);
});
