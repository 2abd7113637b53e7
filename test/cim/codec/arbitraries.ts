import fc from 'fast-check';
import {
  CimDateTime,
  type CimClass,
  CimInstance,
  type CimInstancePath,
  type CimObjectPath,
  type CimQualifier,
  type CimQualifierType,
  type CimScalar,
  type CimType,
  cimTypes,
  type CimValue,
  type EmbeddedKind,
  InstanceShape,
  integerRanges,
  type KeyBinding,
  type PropertyShape,
  qualifierScopes,
} from '../../../src/cim/model/index.js';
import { operations, type ParameterForm } from '../../../src/cim/codec/index.js';
import type { CimRequest, CimResult, OperationName, ParameterValue } from '../../../src/cim/operations/index.js';

export const text = fc.string({
  unit: fc.constantFrom(
    ...'abcXYZ019 ._-',
    '<',
    '>',
    '&',
    '"',
    "'",
    '\r',
    '\n',
    '\t',
    ']',
    ']]>',
    'é',
    '漢',
    '😀',
    '&amp;',
    '<VALUE>',
  ),
  maxLength: 12,
});

const nameStart = fc.constantFrom(...'abcdeXYZ_', 'é');
export const name = fc
  .tuple(nameStart, fc.string({ unit: fc.constantFrom(...'abcXYZ019_'), maxLength: 8 }))
  .map(([first, rest]) => first + rest);

const byName = { selector: (element: { readonly name: string }) => element.name.toLowerCase() };
const namespace = fc.constantFrom('root/cimv2', 'root/tvdc', 'interop', 'a/b/c');
const host = fc.constantFrom('localhost', 'host.example:5989', '[::1]:5988');
const plainTypes = cimTypes.filter((type) => type !== 'reference');
const datetime = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }).map((at) => CimDateTime.fromUnix(at)),
  fc.integer({ min: 0, max: 1e12 }).map((length) => CimDateTime.interval(length)),
  fc.constant(CimDateTime.parse('20070101******.******+000')),
);

function integer(type: CimType): fc.Arbitrary<bigint> {
  const range = integerRanges[type] as { readonly min: bigint; readonly max: bigint };
  return fc.oneof(fc.bigInt(range), fc.constantFrom(range.min, range.max));
}

export function scalar(type: CimType): fc.Arbitrary<CimScalar> {
  switch (type) {
    case 'string':
      return text;
    case 'char16':
      return fc.constantFrom('a', '<', '&', '\r', '漢', ' ');
    case 'boolean':
      return fc.boolean();
    case 'datetime':
      return datetime;
    case 'reference':
      return objectPath;
    case 'real32':
      return fc.oneof(fc.float(), fc.constantFrom(0.1, 1, -0));
    case 'real64':
      return fc.oneof(fc.double(), fc.constantFrom(1e21, 1e-7, 5e-324, 1.7976931348623157e308));
    case 'uint64':
    case 'sint64':
      return integer(type);
    default:
      return integer(type).map(Number);
  }
}

function keyBinding(depth: number): fc.Arbitrary<KeyBinding> {
  return fc.oneof(
    fc.record({ name, type: fc.constant<CimType>('string'), value: text }),
    fc.record({ name, type: fc.constant<CimType>('boolean'), value: fc.boolean() }),
    fc.record({ name, type: fc.constant<CimType>('sint16'), value: integer('sint16') }),
    fc.record({ name, type: fc.constant<CimType>('uint64'), value: integer('uint64') }),
    fc.record({ name, type: fc.constant<CimType>('real64'), value: fc.double() }),
    fc.record({ name, type: fc.constant<CimType>('datetime'), value: datetime.map((value) => value.text) }),
    ...(depth > 0
      ? [fc.record({ name, type: fc.constant<CimType>('reference'), value: anyInstancePath(depth - 1) })]
      : []),
  );
}

const keys = (depth: number): fc.Arbitrary<readonly KeyBinding[]> =>
  fc.uniqueArray(keyBinding(depth), { ...byName, minLength: 1, maxLength: 3 });

export const relativePath: fc.Arbitrary<CimInstancePath> = fc.record({
  kind: fc.constant('instance-path' as const),
  host: fc.constant(null),
  namespace: fc.constant(null),
  className: name,
  keys: keys(1),
});

function anyInstancePath(depth: number): fc.Arbitrary<CimInstancePath> {
  return fc.tuple(fc.option(namespace), fc.option(host), name, keys(depth)).map(([ns, at, className, bindings]) => ({
    kind: 'instance-path',
    host: ns === null ? null : at,
    namespace: ns,
    className,
    keys: bindings,
  }));
}

const fullInstancePath: fc.Arbitrary<CimInstancePath> = fc.record({
  kind: fc.constant('instance-path' as const),
  host,
  namespace,
  className: name,
  keys: keys(1),
});

const classPath = fc.record({ kind: fc.constant('class-path' as const), host, namespace, className: name });
const fullPath: fc.Arbitrary<CimObjectPath> = fc.oneof(fullInstancePath, classPath);
const objectPath: fc.Arbitrary<CimObjectPath> = fc.oneof(anyInstancePath(1), classPath);

interface Filled {
  readonly shape: PropertyShape;
  readonly value: CimValue;
}

function property(depth: number, origins: boolean): fc.Arbitrary<Filled> {
  const common = {
    name,
    classOrigin: origins ? fc.option(name) : fc.constant(null),
    propagated: origins ? fc.boolean() : fc.constant(false),
  };
  const plain = fc
    .tuple(fc.record(common), fc.constantFrom(...plainTypes), fc.boolean(), fc.option(fc.integer({ min: 1, max: 99 })))
    .chain(([head, type, isArray, size]) => {
      const value: fc.Arbitrary<CimValue> = isArray
        ? fc.array(fc.option(scalar(type)), { maxLength: 3 })
        : scalar(type);
      const shape = {
        ...head,
        type,
        isArray,
        arraySize: isArray ? size : null,
        embedded: null,
        referenceClass: null,
        isKey: false,
      };
      return fc.option(value).map((filled) => ({ shape, value: filled }));
    });
  const reference = fc
    .tuple(fc.record(common), fc.option(name), fc.option(objectPath))
    .map(([head, referenceClass, value]) => ({
      shape: {
        ...head,
        type: 'reference' as const,
        isArray: false,
        arraySize: null,
        embedded: null,
        referenceClass,
        isKey: false,
      },
      value,
    }));
  if (depth === 0) return fc.oneof(plain, reference);
  const embedded = fc
    .tuple(fc.record(common), fc.constantFrom<EmbeddedKind>('instance', 'object'), fc.boolean())
    .chain(([head, kind, isArray]) => {
      const inner: fc.Arbitrary<CimScalar> =
        kind === 'object' ? fc.oneof(instance(depth - 1, false), cimClass) : instance(depth - 1, false);
      const value: fc.Arbitrary<CimValue> = isArray ? fc.array(fc.option(inner), { maxLength: 2 }) : fc.option(inner);
      const shape = {
        ...head,
        type: 'string' as const,
        isArray,
        arraySize: null,
        embedded: kind,
        referenceClass: null,
        isKey: false,
      };
      return value.map((filled) => ({ shape, value: filled }));
    });
  return fc.oneof(
    { weight: 4, arbitrary: plain },
    { weight: 1, arbitrary: reference },
    { weight: 2, arbitrary: embedded },
  );
}

// DSP0201 has no place for EmbeddedObject on a NULL array that wbemcli would read: such a property comes back as text.
function asWritten({ shape, value }: Filled): Filled {
  return shape.isArray && shape.embedded !== null && value === null
    ? { shape: { ...shape, embedded: null }, value }
    : { shape, value };
}

/** Instances without path, embedded ones up to the depth. */
export function instance(depth = 1, origins = true): fc.Arbitrary<CimInstance> {
  const properties = fc.uniqueArray(property(depth, origins), {
    selector: (filled) => filled.shape.name.toLowerCase(),
    maxLength: 5,
  });
  return fc.tuple(name, properties).map(([className, filled]) => {
    const written = filled.map(asWritten);
    return new CimInstance(
      new InstanceShape(
        className,
        written.map(({ shape }) => shape),
      ),
      written.map(({ value }) => value),
      null,
    );
  });
}

/** The same with a path, whose keys are marked in the shape. */
export function withPath(
  instances: fc.Arbitrary<CimInstance>,
  paths: fc.Arbitrary<CimInstancePath>,
): fc.Arbitrary<CimInstance> {
  return fc.tuple(instances, paths).map(([bare, path]) => {
    const named = new Set(path.keys.map((key) => key.name.toLowerCase()));
    const shape = new InstanceShape(
      bare.className,
      bare.shape.properties.map((shaped) => ({ ...shaped, isKey: named.has(shaped.name.toLowerCase()) })),
    );
    return new CimInstance(shape, bare.values, path);
  });
}

const flavor = fc.record({ overridable: fc.boolean(), toSubclass: fc.boolean(), translatable: fc.boolean() });

const qualifier: fc.Arbitrary<CimQualifier> = fc
  .tuple(
    name,
    fc.constantFrom<CimType>('boolean', 'string', 'uint32', 'sint64', 'real64'),
    fc.boolean(),
    flavor,
    fc.boolean(),
  )
  .chain(([named, type, isArray, flavored, propagated]) => {
    const value: fc.Arbitrary<CimValue> = isArray
      ? fc.array(fc.option(scalar(type)), { maxLength: 3 })
      : fc.option(scalar(type));
    return value.map((filled) => ({ name: named, type, isArray, value: filled, flavor: flavored, propagated }));
  });

const qualifiers = fc.uniqueArray(qualifier, { ...byName, maxLength: 3 });
const plainFlavor = { overridable: true, toSubclass: true, translatable: false };

function embeddingQualifier(kind: EmbeddedKind): CimQualifier {
  return kind === 'instance'
    ? { name: 'EmbeddedInstance', type: 'string', isArray: false, value: 'X', flavor: plainFlavor, propagated: false }
    : { name: 'EmbeddedObject', type: 'boolean', isArray: false, value: true, flavor: plainFlavor, propagated: false };
}

const declared = fc
  .tuple(property(0, true), qualifiers, fc.option(fc.constantFrom<EmbeddedKind>('instance', 'object')))
  .map(([{ shape, value }, given, kind]) => {
    const embedded = shape.type === 'string' ? kind : null;
    return {
      name: shape.name,
      type: shape.type,
      isArray: shape.isArray,
      arraySize: shape.arraySize,
      defaultValue: embedded === null ? value : null,
      referenceClass: shape.referenceClass,
      embedded,
      classOrigin: shape.classOrigin,
      propagated: shape.propagated,
      qualifiers: embedded === null ? given : [...given, embeddingQualifier(embedded)],
    };
  });

const parameter = fc
  .tuple(
    name,
    fc.constantFrom(...cimTypes),
    fc.boolean(),
    fc.option(fc.integer({ min: 1, max: 99 })),
    fc.option(name),
    qualifiers,
  )
  .map(([named, type, isArray, size, referenceClass, given]) => ({
    name: named,
    type,
    isArray,
    arraySize: isArray ? size : null,
    referenceClass: type === 'reference' ? referenceClass : null,
    embedded: null,
    qualifiers: given,
  }));

const method = fc.record({
  name,
  returnType: fc.constantFrom<CimType>(...plainTypes),
  parameters: fc.uniqueArray(parameter, { ...byName, maxLength: 3 }),
  classOrigin: fc.option(name),
  propagated: fc.boolean(),
  qualifiers,
});

export const cimClass: fc.Arbitrary<CimClass> = fc.record({
  kind: fc.constant('class' as const),
  name,
  superclass: fc.option(name),
  qualifiers,
  properties: fc.uniqueArray(declared, { ...byName, maxLength: 4 }),
  methods: fc.uniqueArray(method, { ...byName, maxLength: 2 }),
  path: fc.constant(null),
});

export const qualifierType: fc.Arbitrary<CimQualifierType> = fc
  .tuple(qualifier, fc.boolean(), fc.option(fc.integer({ min: 1, max: 99 })), fc.subarray([...qualifierScopes]))
  .map(([given, isArray, size, scopes]) => ({
    name: given.name,
    type: given.type,
    isArray: given.value === null ? isArray : given.isArray,
    arraySize: (given.value === null ? isArray : given.isArray) ? size : null,
    defaultValue: given.value,
    scopes: new Set(scopes),
    flavor: given.flavor,
  }));

function formValue(form: ParameterForm): fc.Arbitrary<unknown> {
  switch (form) {
    case 'boolean':
      return fc.boolean();
    case 'string':
      return text;
    case 'uint32':
      return fc.nat(0xffff_ffff);
    case 'string-array':
      return fc.array(text, { maxLength: 3 });
    case 'class-name':
      return name;
    case 'instance-name':
      return relativePath;
    case 'object-name':
      return fc.oneof(
        relativePath,
        name.map((className) => ({ kind: 'class-path', host: null, namespace: null, className })),
      );
    case 'class':
      return cimClass;
    case 'instance':
      return instance();
    case 'named-instance':
      return withPath(instance(), relativePath);
    case 'qualifier-type':
      return qualifierType;
    case 'untyped-value':
      return fc.oneof(text, fc.array(fc.option(text), { maxLength: 3 }), objectPath);
  }
}

/** Requests of one intrinsic operation, by its row in the table. */
export function intrinsic(operation: OperationName): fc.Arbitrary<CimRequest> {
  const fields: Record<string, fc.Arbitrary<unknown>> = { kind: fc.constant(operation), namespace };
  for (const row of operations[operation].parameters) {
    if (row.field === null) continue;
    fields[row.field] = row.required || row.absent !== null ? formValue(row.form) : fc.option(formValue(row.form));
  }
  return fc.record(fields) as unknown as fc.Arbitrary<CimRequest>;
}

const typedParameter: fc.Arbitrary<ParameterValue & { readonly type: CimType }> = fc
  .tuple(name, fc.constantFrom(...cimTypes), fc.boolean())
  .chain(([named, type, isArray]) => {
    const value: fc.Arbitrary<CimValue> = isArray ? fc.array(fc.option(scalar(type)), { maxLength: 3 }) : scalar(type);
    return value.map((filled) => ({ name: named, type, isArray, value: filled }));
  });

const embeddedParameter: fc.Arbitrary<ParameterValue & { readonly type: CimType }> = fc.record({
  name,
  type: fc.constant('string' as const),
  isArray: fc.constant(false),
  value: fc.oneof(instance(0, false), cimClass),
});

const untypedParameter: fc.Arbitrary<ParameterValue> = fc
  .tuple(name, fc.oneof(text, fc.array(fc.option(text), { minLength: 1, maxLength: 3 })))
  .map(([named, value]) => ({ name: named, type: null, isArray: Array.isArray(value), value }));

const nullParameter = fc.record({
  name,
  type: fc.constant('uint32' as const),
  isArray: fc.constant(false),
  value: fc.constant(null),
});

export const invokeMethod: fc.Arbitrary<CimRequest> = fc
  .tuple(
    namespace,
    fc.oneof(relativePath, name),
    name,
    fc.uniqueArray(fc.oneof(typedParameter, embeddedParameter, untypedParameter, nullParameter), {
      ...byName,
      maxLength: 4,
    }),
  )
  .map(([at, target, methodName, parameters]) => ({
    kind: 'InvokeMethod',
    namespace: at,
    objectName:
      typeof target === 'string'
        ? { kind: 'class-path', host: null, namespace: at, className: target }
        : { ...target, namespace: at },
    methodName,
    parameters,
  }));

async function* inBatches<T>(items: readonly T[]): AsyncGenerator<readonly T[], void, undefined> {
  for (let at = 0; at < items.length; at += 2) yield items.slice(at, at + 2);
}

const pulled = fc.oneof(
  fc.constant({ endOfSequence: true, enumerationContext: null }),
  fc.record({ endOfSequence: fc.constant(false), enumerationContext: text.filter((value) => value !== '') }),
);

/** A result as plain data: batches are arrays. */
export interface PlainResult {
  readonly kind: CimResult['kind'];
  readonly items?: readonly unknown[];
}

/** Brings plain data into the form of a result. */
export function toResult(plain: PlainResult): CimResult {
  if (plain.items === undefined) return plain as CimResult;
  return { kind: plain.kind, batches: inBatches(plain.items) } as CimResult;
}

/** Reads all batches, so that results can be compared. */
export async function toPlain(result: CimResult): Promise<PlainResult> {
  if (!('batches' in result)) return result;
  const items: unknown[] = [];
  for await (const batch of result.batches) items.push(...batch);
  return { kind: result.kind, items };
}

function streamed(kind: CimResult['kind'], item: fc.Arbitrary<unknown>): fc.Arbitrary<PlainResult> {
  return fc.record({ kind: fc.constant(kind), items: fc.array(item, { maxLength: 5 }) });
}

/** Results of a request; the request says with or without class origins. */
export function resultFor(request: CimRequest): fc.Arbitrary<PlainResult> {
  const origins = 'includeClassOrigin' in request && request.includeClassOrigin;
  const bare = instance(1, origins);
  const cls = cimClass.map((given) => stripped(given, request));
  if (request.kind === 'InvokeMethod') {
    return fc.record({
      kind: fc.constant('method' as const),
      returnType: fc.constant('uint32' as const),
      returnValue: fc.option(fc.nat()),
      outParameters: fc.uniqueArray(fc.oneof(typedParameter, embeddedParameter), { ...byName, maxLength: 4 }),
    });
  }
  const kind = operations[request.kind].result;
  switch (kind) {
    case 'class':
      return cls.map((given) => ({ kind, class: given }));
    case 'classes':
      return streamed(kind, cls);
    case 'class-names':
      return fc.array(name).map((names) => ({ kind, names }));
    case 'instance':
      return bare.map((given) => ({ kind, instance: given }));
    case 'named-instances':
      return streamed(kind, withPath(bare, relativePath));
    case 'instance-name':
      return relativePath.map((path) => ({ kind, path }));
    case 'instance-names':
      return streamed(kind, relativePath);
    case 'objects': {
      const located = withPath(bare, fullInstancePath);
      if (request.kind === 'ExecQuery') return streamed(kind, located);
      return streamed(
        kind,
        fc.oneof(
          located,
          fc.tuple(cls, classPath).map(([given, path]) => ({ ...given, path })),
        ),
      );
    }
    case 'object-paths':
      return streamed(kind, fullPath);
    case 'value':
      return fc.oneof(
        fc.record({
          kind: fc.constant(kind),
          type: fc.constant('string' as const),
          value: fc.oneof(text, fc.array(fc.option(text)), fc.constant(null)),
        }),
        fc.record({ kind: fc.constant(kind), type: fc.constant('reference' as const), value: objectPath }),
      );
    case 'qualifier':
      return qualifierType.map((given) => ({ kind, qualifier: given }));
    case 'qualifiers':
      return fc.array(qualifierType, { maxLength: 4 }).map((given) => ({ kind, qualifiers: given }));
    case 'pulled-instances': {
      const located = request.kind !== 'PullInstances' && request.kind !== 'OpenQueryInstances';
      const item = located ? withPath(bare, fullInstancePath) : bare;
      const query =
        request.kind === 'OpenQueryInstances'
          ? fc.option(cimClass.map((given) => withoutOrigins(given)))
          : fc.constant(null);
      return fc.tuple(fc.array(item, { maxLength: 4 }), query, pulled).map(([instances, queryResultClass, ends]) => ({
        kind,
        withPath: located,
        instances,
        queryResultClass,
        ...ends,
      }));
    }
    case 'pulled-paths':
      return fc
        .tuple(fc.array(fullInstancePath, { maxLength: 4 }), pulled)
        .map(([paths, ends]) => ({ kind, paths, ...ends }));
    case 'count':
      return fc.option(integer('uint64')).map((count) => ({ kind, count }));
    default:
      return fc.constant({ kind: 'void' });
  }
}

function withoutOrigins(cls: CimClass): CimClass {
  return {
    ...cls,
    properties: cls.properties.map((element) => ({ ...element, classOrigin: null })),
    methods: cls.methods.map((element) => ({ ...element, classOrigin: null })),
  };
}

function stripped(cls: CimClass, request: CimRequest): CimClass {
  const kept = 'includeClassOrigin' in request && request.includeClassOrigin ? cls : withoutOrigins(cls);
  if ('includeQualifiers' in request && request.includeQualifiers) return kept;
  return {
    ...kept,
    qualifiers: [],
    properties: kept.properties.map((element) => ({
      ...element,
      qualifiers: [],
      // Without qualifiers nothing tells that the items of an array are embedded objects.
      embedded: element.isArray ? null : element.embedded,
    })),
    methods: kept.methods.map((element) => ({
      ...element,
      qualifiers: [],
      parameters: element.parameters.map((inner) => ({ ...inner, qualifiers: [] })),
    })),
  };
}
