import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type AnsweredCall,
  createResponseDecoder,
  decodeExportResponse,
  decodeMessage,
  decodeResponse,
  type DecodeResponseOptions,
  encodeBatchRequest,
  encodeErrorResponse,
  encodeExportBatchResponse,
  encodeExportRequest,
  encodeExportResponse,
  encodeRequest,
  encodeResponse,
} from '../../../src/cim/codec/index.js';
import {
  type CimClass,
  CimInstance,
  createInstancePath,
  InstanceShape,
  type PropertyShape,
} from '../../../src/cim/model/index.js';
import {
  CimError,
  type CimRequest,
  type CimResult,
  type EnumerateInstances,
  type GetClass,
  type GetInstance,
  type InvokeMethod,
  type OpenEnumerateInstances,
} from '../../../src/cim/operations/index.js';

const namespace = 'root/tvdc';
const enumerate: EnumerateInstances = {
  kind: 'EnumerateInstances',
  namespace,
  className: 'T_A',
  deepInheritance: true,
  includeClassOrigin: false,
  propertyList: null,
};
const get: GetInstance = {
  kind: 'GetInstance',
  namespace,
  instanceName: createInstancePath('T_A', { Id: 'x' }),
  includeClassOrigin: false,
  propertyList: null,
};
const open: OpenEnumerateInstances = {
  ...enumerate,
  kind: 'OpenEnumerateInstances',
  filterQuery: null,
  filterQueryLanguage: null,
  operationTimeout: null,
  continueOnError: false,
  maxObjectCount: 10,
};
const method: InvokeMethod = {
  kind: 'InvokeMethod',
  namespace,
  objectName: { kind: 'class-path', host: null, namespace, className: 'T_A' },
  methodName: 'Do',
  parameters: [],
};
const intrinsicCall: AnsweredCall = { name: 'EnumerateInstances', intrinsic: true };

function property(name: string, facts: Partial<PropertyShape> = {}): PropertyShape {
  return {
    name,
    type: 'string',
    isArray: false,
    arraySize: null,
    embedded: null,
    referenceClass: null,
    classOrigin: 'T_Base',
    propagated: true,
    isKey: false,
    ...facts,
  };
}

const shape = new InstanceShape('T_A', [property('Id', { isKey: true }), property('Text')]);

function instance(id: string, text: string | null = null): CimInstance {
  return new CimInstance(shape, [id, text], createInstancePath('T_A', { Id: id }));
}

async function* batchesOf(
  count: number,
  text: string | null = null,
): AsyncGenerator<readonly CimInstance[], void, undefined> {
  for (let at = 0; at < count; at += 10) {
    yield Array.from({ length: Math.min(10, count - at) }, (_, more) => instance(`i${at + more}`, text));
  }
}

async function pieces(encoded: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of encoded) all.push(piece);
  return all;
}

async function written(request: CimRequest, result: CimResult): Promise<string> {
  return Buffer.concat(await pieces(encodeResponse('7', request, result, { host: 'h:5989' }))).toString();
}

function answer(body: string, name = 'EnumerateInstances', element = 'IMETHODRESPONSE'): string {
  return `<?xml version="1.0"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="7" PROTOCOLVERSION="1.0"><SIMPLERSP><${element} NAME="${name}">${body}</${element}></SIMPLERSP></MESSAGE></CIM>`;
}

async function* source(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text);
}

function read<R extends CimRequest>(request: R, text: string, options: DecodeResponseOptions = {}) {
  return decodeResponse(request, source(text), options);
}

async function itemsOf<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

describe('an answer as it is written', () => {
  test('has an XML declaration, echoes the id, and never closes an element in its start tag that wbemcli wants open', async () => {
    const text = await written(get, { kind: 'instance', instance: instance('a<&">', null) });
    expect(text).toBe(
      '<?xml version="1.0" encoding="utf-8"?>\n<CIM CIMVERSION="2.0" DTDVERSION="2.4"><MESSAGE ID="7" PROTOCOLVERSION="1.4"><SIMPLERSP>' +
        '<IMETHODRESPONSE NAME="GetInstance"><IRETURNVALUE><INSTANCE CLASSNAME="T_A"><PROPERTY NAME="Id" TYPE="string"><VALUE>a&lt;&amp;"&gt;</VALUE></PROPERTY>' +
        '<PROPERTY NAME="Text" TYPE="string"></PROPERTY></INSTANCE></IRETURNVALUE></IMETHODRESPONSE></SIMPLERSP></MESSAGE></CIM>\n',
    );
  });

  test('carries class origins and PROPAGATED only where they were asked for', async () => {
    const result: CimResult = { kind: 'instance', instance: instance('x') };
    expect(await written(get, result)).not.toMatch(/CLASSORIGIN|PROPAGATED/);
    expect(await written({ ...get, includeClassOrigin: true }, result)).toContain(
      'NAME="Id" TYPE="string" CLASSORIGIN="T_Base" PROPAGATED="true">',
    );
  });

  test('leaves absent properties out and writes NULL ones', async () => {
    const text = await written(get, { kind: 'instance', instance: instance('x').select(['Text']) });
    expect(text).toContain('<INSTANCE CLASSNAME="T_A"><PROPERTY NAME="Text" TYPE="string"></PROPERTY></INSTANCE>');
  });

  test('marks embedded objects, but never on a NULL array', async () => {
    const embedding = new InstanceShape('T_E', [
      property('One', { embedded: 'instance' }),
      property('Null', { embedded: 'object' }),
      property('Many', { embedded: 'instance', isArray: true }),
      property('NullArray', { embedded: 'instance', isArray: true }),
    ]);
    const inner = new CimInstance(new InstanceShape('In', []), [], null);
    const text = await written(get, {
      kind: 'instance',
      instance: new CimInstance(embedding, [inner, null, [inner], null], null),
    });
    expect(text).toContain(
      '<PROPERTY NAME="One" TYPE="string" EmbeddedObject="instance"><VALUE>&lt;INSTANCE CLASSNAME="In"&gt;&lt;/INSTANCE&gt;</VALUE></PROPERTY>',
    );
    expect(text).toContain('<PROPERTY NAME="Null" TYPE="string" EmbeddedObject="object"></PROPERTY>');
    expect(text).toContain('<PROPERTY.ARRAY NAME="Many" TYPE="string" EmbeddedObject="instance">');
    expect(text).toContain('<PROPERTY.ARRAY NAME="NullArray" TYPE="string"></PROPERTY.ARRAY>');
  });

  test('names host and namespace where a full path is due, and adds none to references', async () => {
    const path = createInstancePath('T_A', { Id: 'x' });
    async function* paths() {
      yield [path];
    }
    const names = { kind: 'ReferenceNames', namespace, objectName: path, resultClass: null, role: null } as const;
    expect(await written(names, { kind: 'object-paths', batches: paths() })).toContain(
      '<OBJECTPATH><INSTANCEPATH><NAMESPACEPATH><HOST>h:5989</HOST><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="tvdc"/></LOCALNAMESPACEPATH></NAMESPACEPATH><INSTANCENAME CLASSNAME="T_A"><KEYBINDING NAME="Id"><KEYVALUE VALUETYPE="string" TYPE="string">x</KEYVALUE></KEYBINDING></INSTANCENAME></INSTANCEPATH></OBJECTPATH>',
    );
    const value = { kind: 'value', type: 'reference', value: path } as const;
    const getProperty = { kind: 'GetProperty', namespace, instanceName: path, propertyName: 'P' } as const;
    expect(await written(getProperty, value)).toContain(
      '<IRETURNVALUE><VALUE.REFERENCE><INSTANCENAME CLASSNAME="T_A">',
    );
  });

  test('of a method leaves NULL out parameters out', async () => {
    const text = await written(method, {
      kind: 'method',
      returnType: 'uint32',
      returnValue: 0,
      outParameters: [
        { name: 'A', type: 'uint8', isArray: false, value: null },
        { name: 'B', type: 'uint8', isArray: false, value: 1 },
      ],
    });
    expect(text).toContain(
      '<METHODRESPONSE NAME="Do"><RETURNVALUE PARAMTYPE="uint32"><VALUE>0</VALUE></RETURNVALUE><PARAMVALUE NAME="B" PARAMTYPE="uint8"><VALUE>1</VALUE></PARAMVALUE></METHODRESPONSE>',
    );
  });

  test('of the last pull has an empty EnumerationContext', async () => {
    const text = await written(open, {
      kind: 'pulled-instances',
      withPath: true,
      instances: [],
      queryResultClass: null,
      endOfSequence: true,
      enumerationContext: null,
    });
    expect(text).toContain(
      '<IRETURNVALUE></IRETURNVALUE><PARAMVALUE NAME="EnumerationContext" PARAMTYPE="string"><VALUE></VALUE></PARAMVALUE><PARAMVALUE NAME="EndOfSequence" PARAMTYPE="boolean"><VALUE>TRUE</VALUE></PARAMVALUE>',
    );
  });

  test('of an error begins its description with the name of the status; instances only for those who read them', () => {
    const error = new CimError(6, 'no "x"', { instances: [instance('e')] });
    const without = encodeErrorResponse('1', intrinsicCall, error, { withInstances: false }).toString();
    expect(without).toContain('<ERROR CODE="6" DESCRIPTION="CIM_ERR_NOT_FOUND: no &quot;x&quot;"></ERROR>');
    expect(encodeErrorResponse('1', intrinsicCall, error, { withInstances: true }).toString()).toContain(
      '"><INSTANCE CLASSNAME="T_A">',
    );
  });

  test('is the same whether the instance is written for the first time or is remembered', async () => {
    const one = instance('x', 'é');
    const results: CimResult[] = [];
    for (let turn = 0; turn < 3; turn++) {
      async function* batches() {
        yield [one];
      }
      results.push({ kind: 'named-instances', batches: batches() });
    }
    const texts = await Promise.all(results.map((result) => written(enumerate, result)));
    expect(new Set(texts).size).toBe(1);
    const pulled: CimResult = {
      kind: 'pulled-instances',
      withPath: true,
      instances: [one],
      queryResultClass: null,
      endOfSequence: true,
      enumerationContext: null,
    };
    const fresh: CimResult = { ...pulled, instances: [one.withPath(one.path)] };
    expect(await written(open, pulled)).toBe(await written(open, fresh));
  });

  test('names the namespace of an instance from elsewhere, remembered or not', async () => {
    const far = instance('far').withPath(createInstancePath('T_A', { Id: 'far' }, { namespace: 'root/other' }));
    for (let turn = 0; turn < 3; turn++) {
      async function* batches() {
        yield [far];
      }
      const references = {
        kind: 'References',
        namespace,
        objectName: get.instanceName,
        resultClass: null,
        role: null,
        includeQualifiers: false,
        includeClassOrigin: false,
        propertyList: null,
      } as const;
      const text = await written(references, { kind: 'objects', batches: batches() });
      expect(text).toContain(
        '<HOST>h:5989</HOST><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="other"/></LOCALNAMESPACEPATH>',
      );
    }
  });

  test('of a class has the detail that each request asks for, remembered or not', async () => {
    const flavor = { overridable: true, toSubclass: true, translatable: false };
    const qualifiers = [
      { name: 'Abstract', type: 'boolean' as const, isArray: false, value: true, flavor, propagated: false },
    ];
    const cls: CimClass = {
      kind: 'class',
      name: 'T_A',
      superclass: null,
      qualifiers,
      properties: [],
      methods: [],
      path: null,
    };
    const request: GetClass = {
      kind: 'GetClass',
      namespace,
      className: 'T_A',
      localOnly: false,
      includeQualifiers: true,
      includeClassOrigin: false,
      propertyList: null,
    };
    for (let turn = 0; turn < 3; turn++) {
      expect(await written(request, { kind: 'class', class: cls })).toContain('<QUALIFIER NAME="Abstract"');
      expect(await written({ ...request, includeQualifiers: false }, { kind: 'class', class: cls })).not.toContain(
        '<QUALIFIER',
      );
    }
  });

  test('refuses values that are not of their type, and characters that XML does not know', () => {
    const wrong = new CimInstance(new InstanceShape('T_A', [property('N', { type: 'uint8' })]), [256], null);
    expect(() => encodeResponse('1', get, { kind: 'instance', instance: wrong })).toThrow(
      expect.objectContaining({ code: 'bad_value' }) as Error,
    );
    expect(() => encodeResponse('1', get, { kind: 'instance', instance: instance('\u0001') })).toThrow(
      expect.objectContaining({ code: 'xml_character' }) as Error,
    );
  });
});

describe('a large answer', () => {
  test('leaves in pieces of about 64 KiB, the first after eight instances', async () => {
    const all = await pieces(
      encodeResponse('7', enumerate, { kind: 'named-instances', batches: batchesOf(3000, 'x'.repeat(100)) }),
    );
    expect(all.length).toBeGreaterThan(10);
    expect(all[0]?.toString().match(/<VALUE\.NAMEDINSTANCE>/g)).toHaveLength(8);
    for (const piece of all.slice(1, -1)) {
      expect(piece.length).toBeGreaterThanOrEqual(61_440);
      expect(piece.length).toBeLessThan(80_000);
    }
  });

  test('gives others a turn after each piece', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const seen: number[] = [];
    const encoded = encodeResponse('7', enumerate, {
      kind: 'named-instances',
      batches: batchesOf(20_000, 'x'.repeat(100)),
    });
    if (Array.isArray(encoded)) throw new Error('expected a stream');
    for await (const piece of encoded) seen.push(piece.length);
    clearInterval(timer);
    expect(seen.length).toBeGreaterThan(60);
    expect(turns).toBeGreaterThan(0);
  });

  test('that fails midway throws, and what was written stays unfinished', async () => {
    async function* failing() {
      yield [instance('x')];
      throw new CimError(1, 'disk gone');
    }
    const all: Buffer[] = [];
    const encoded = encodeResponse('7', enumerate, { kind: 'named-instances', batches: failing() });
    const run = async () => {
      for await (const piece of encoded as AsyncIterable<Buffer>) all.push(piece);
    };
    await expect(run()).rejects.toThrow('disk gone');
    expect(Buffer.concat(all).toString()).not.toContain('</CIM>');
  });

  test('ends its source when the reader goes away', async () => {
    let ended = false;
    async function* endless() {
      try {
        for (let at = 0; ; at++) yield [instance(`i${at}`)];
      } finally {
        ended = true;
      }
    }
    for await (const _ of encodeResponse('7', enumerate, {
      kind: 'named-instances',
      batches: endless(),
    }) as AsyncIterable<Buffer>)
      break;
    expect(ended).toBe(true);
  });
});

describe('an answer as it is read', () => {
  const named =
    '<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="T_A"><KEYBINDING NAME="Id"><KEYVALUE TYPE="string">x</KEYVALUE></KEYBINDING></INSTANCENAME><INSTANCE CLASSNAME="T_A"/></VALUE.NAMEDINSTANCE>';

  test('gives the first instances while the rest is still on its way', async () => {
    const whole = Buffer.from(answer(`<IRETURNVALUE>${named.repeat(3)}</IRETURNVALUE>`));
    const half = whole.length >> 1;
    let asked = 0;
    async function* slow() {
      asked = 1;
      yield whole.subarray(0, half);
      asked = 2;
      yield whole.subarray(half);
    }
    const { batches } = await decodeResponse(enumerate, slow());
    const iterator = batches[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(asked).toBe(1);
    expect((first.value as readonly CimInstance[])[0]?.path?.className).toBe('T_A');
    let count = (first.value as readonly CimInstance[]).length;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) count += next.value.length;
    expect(count).toBe(3);
  });

  test('lets go of its source when the reader goes away', async () => {
    let ended = false;
    async function* endless() {
      try {
        yield Buffer.from(answer(`<IRETURNVALUE>${named}</IRETURNVALUE>`).replace(/<\/IRETURNVALUE>.*/s, ''));
        for (;;) yield Buffer.from(named);
      } finally {
        ended = true;
      }
    }
    const { batches } = await decodeResponse(enumerate, endless());
    for await (const _ of batches) break;
    expect(ended).toBe(true);
  });

  test('keeps nothing of the text alive but the values that are kept', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const text = 'x'.repeat(60_000);
    const piece = Buffer.from(
      `<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="T_A"><KEYBINDING NAME="Id"><KEYVALUE TYPE="string">a key of some length</KEYVALUE></KEYBINDING></INSTANCENAME><INSTANCE CLASSNAME="T_A"><PROPERTY NAME="Text" TYPE="string"><VALUE>${text}</VALUE></PROPERTY></INSTANCE></VALUE.NAMEDINSTANCE>`,
    );
    const decoder = createResponseDecoder(enumerate);
    decoder.push(Buffer.from(answer('<IRETURNVALUE></IRETURNVALUE>').replace(/<\/IRETURNVALUE>.*/s, '')));
    const kept: unknown[] = [];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < 400; at++) {
      decoder.push(piece);
      for (const item of decoder.takeBatch()) kept.push((item as CimInstance).path);
    }
    collect();
    expect(kept).toHaveLength(400);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(6_000_000);
  });

  test('in tiny pieces, with one huge value, takes time in proportion', async () => {
    const text = 'y'.repeat(3_000_000);
    const bytes = Buffer.from(
      answer(
        `<IRETURNVALUE>${named.replace('CLASSNAME="T_A"/>', `CLASSNAME="T_A"><PROPERTY NAME="T" TYPE="string"><VALUE>${text}</VALUE></PROPERTY></INSTANCE>`)}</IRETURNVALUE>`,
      ),
    );
    async function* tiny() {
      for (let at = 0; at < bytes.length; at += 256) yield bytes.subarray(at, at + 256);
    }
    const [found] = await itemsOf((await decodeResponse(enumerate, tiny())).batches);
    expect(found?.get('T')).toBe(text);
  });

  test('of an error is a CimError without the name of the status', async () => {
    const text = answer('<ERROR CODE="6" DESCRIPTION="CIM_ERR_NOT_FOUND: none such"/>');
    await expect(read(enumerate, text)).rejects.toMatchObject({ status: 6, description: 'none such', instances: [] });
    await expect(read(enumerate, answer('<ERROR CODE="77"/>'))).rejects.toMatchObject({ status: 77, description: '' });
  });

  test('without IRETURNVALUE is an empty list', async () => {
    expect(await itemsOf((await read(enumerate, answer(''), { strict: true })).batches)).toEqual([]);
  });

  const tolerated: readonly (readonly [string, CimRequest, string, string])[] = [
    [
      'missing-key-type',
      enumerate,
      answer(`<IRETURNVALUE>${named.replace(' TYPE="string"', '')}</IRETURNVALUE>`),
      'KEYVALUE',
    ],
    ['other-name', enumerate, answer('', 'EnumerateInstanceNames'), 'IMETHODRESPONSE'],
    ['other-id', enumerate, answer(''), 'MESSAGE'],
    ['other-element', get, answer(`<IRETURNVALUE>${named}</IRETURNVALUE>`, 'GetInstance'), 'VALUE.NAMEDINSTANCE'],
    [
      'missing-paramtype',
      method,
      answer('<RETURNVALUE><VALUE>0</VALUE></RETURNVALUE>', 'Do', 'METHODRESPONSE'),
      'RETURNVALUE',
    ],
    [
      'flag-case',
      get,
      answer(
        '<IRETURNVALUE><INSTANCE CLASSNAME="T_A"><PROPERTY NAME="F" TYPE="string" PROPAGATED="TRUE"/></INSTANCE></IRETURNVALUE>',
        'GetInstance',
      ),
      'PROPERTY',
    ],
    [
      'empty-embedded-object',
      get,
      answer(
        '<IRETURNVALUE><INSTANCE CLASSNAME="T_A"><PROPERTY NAME="G" TYPE="string" EmbeddedObject="object"><VALUE/></PROPERTY></INSTANCE></IRETURNVALUE>',
        'GetInstance',
      ),
      'VALUE',
    ],
  ];
  test.each(tolerated)(
    'may have the fault %s, which is told; strict reading refuses it',
    async (fault, request, text, element) => {
      const id = fault === 'other-id' ? '8' : '7';
      const faults: unknown[] = [];
      const result = await read(request, text, { id, onFault: (told) => faults.push(told) });
      if ('batches' in result) await itemsOf<unknown>(result.batches as AsyncIterable<readonly unknown[]>);
      expect(faults).toEqual([{ fault, element }]);
      const strictly = async () => {
        const strict = await read(request, text, { id, strict: true });
        if ('batches' in strict) await itemsOf<unknown>(strict.batches as AsyncIterable<readonly unknown[]>);
      };
      await expect(strictly()).rejects.toMatchObject({ code: 'answer-not-valid' });
    },
  );

  const broken: readonly (readonly [string, CimRequest, string, string])[] = [
    ['cut short', get, answer('').slice(0, -4), 'answer-not-well-formed'],
    ['no XML', get, 'Internal Server Error', 'answer-not-well-formed'],
    ['empty', get, '', 'answer-not-well-formed'],
    ['another document', get, '<html/>', 'answer-not-valid'],
    ['a DOCTYPE', get, `<!DOCTYPE CIM [<!ENTITY x "y">]>${answer('').slice(21)}`, 'answer-not-valid'],
    ['no result', get, answer('', 'GetInstance'), 'answer-not-valid'],
    [
      'two results',
      get,
      answer(`<IRETURNVALUE>${'<INSTANCE CLASSNAME="T_A"/>'.repeat(2)}</IRETURNVALUE>`, 'GetInstance'),
      'answer-not-valid',
    ],
    [
      'a result of another nature',
      get,
      answer('<IRETURNVALUE><CLASS NAME="T_A"/></IRETURNVALUE>', 'GetInstance'),
      'answer-not-valid',
    ],
    [
      'a value out of range',
      get,
      answer(
        '<IRETURNVALUE><INSTANCE CLASSNAME="T_A"><PROPERTY NAME="H" TYPE="uint8"><VALUE>256</VALUE></PROPERTY></INSTANCE></IRETURNVALUE>',
        'GetInstance',
      ),
      'answer-not-valid',
    ],
    [
      'an instance without class',
      get,
      answer('<IRETURNVALUE><INSTANCE/></IRETURNVALUE>', 'GetInstance'),
      'answer-not-valid',
    ],
    [
      'a pull that does not say whether it is the last',
      open,
      answer('<IRETURNVALUE/>', 'OpenEnumerateInstances'),
      'answer-not-valid',
    ],
    ['an ERROR without number', get, answer('<ERROR CODE="six"/>'), 'answer-not-valid'],
  ];
  test.each(broken)('with %s is refused', async (_name, request, text, code) => {
    await expect(read(request, text)).rejects.toMatchObject({ code });
  });

  test('that breaks after some instances gives those first and throws then', async () => {
    const { batches } = await read(
      enumerate,
      answer(`<IRETURNVALUE>${named}${named}</IRETURNVALUE>`).replace(/<\/IRETURNVALUE>.*/s, '<VALUE.NAMED'),
    );
    const seen: CimInstance[] = [];
    const run = async () => {
      for await (const batch of batches) seen.push(...batch);
    };
    await expect(run()).rejects.toMatchObject({ code: 'answer-not-well-formed' });
    expect(seen).toHaveLength(2);
  });

  test('marks the properties that the path names as keys', async () => {
    const text = answer(
      `<IRETURNVALUE>${named.replace('CLASSNAME="T_A"/>', 'CLASSNAME="T_A"><PROPERTY NAME="ID" TYPE="string"/><PROPERTY NAME="B" TYPE="string"/></INSTANCE>')}</IRETURNVALUE>`,
    );
    const [found] = await itemsOf((await read(enumerate, text)).batches);
    expect(found?.shape.properties.map(({ isKey }) => isKey)).toEqual([true, false]);
    const [other] = await itemsOf((await read(enumerate, text.replace('NAME="Id"', 'NAME="B"'))).batches);
    expect(other?.shape.properties.map(({ isKey }) => isKey)).toEqual([false, true]);
  });
});

describe('an export', () => {
  test('travels to the listener and back', () => {
    const bytes = encodeExportRequest('9', instance('x', 'alert'));
    const { id, body } = decodeMessage(bytes);
    if (body.kind !== 'export' || body.call.outcome.kind !== 'indication') throw new Error('no indication');
    expect(id).toBe('9');
    expect(body.call.outcome.indication.values).toEqual(['x', 'alert']);
    expect(() => decodeExportResponse(encodeExportResponse('9', body.call.name, null))).not.toThrow();
    expect(() =>
      decodeExportResponse(encodeExportResponse('9', 'ExportIndication', new CimError(1, 'queue full'))),
    ).toThrow('queue full');
  });

  test.each([
    '<EXPMETHODRESPONSE NAME="ExportIndication"/>',
    '<EXPMETHODRESPONSE NAME="ExportIndication"></EXPMETHODRESPONSE>',
    '<EXPMETHODRESPONSE NAME="ExportIndication"><IRETURNVALUE/></EXPMETHODRESPONSE>',
  ])('may be accepted by %s', (response) => {
    const text = `<CIM CIMVERSION="2.0" DTDVERSION="2.4"><MESSAGE ID="1" PROTOCOLVERSION="1.4"><SIMPLEEXPRSP>${response}</SIMPLEEXPRSP></MESSAGE></CIM>`;
    expect(() => decodeExportResponse(text)).not.toThrow();
  });

  test('is not accepted by anything else', () => {
    expect(() => decodeExportResponse('<html/>')).toThrow(
      expect.objectContaining({ code: 'answer-not-valid' }) as Error,
    );
    expect(() => decodeExportResponse('ok')).toThrow(
      expect.objectContaining({ code: 'answer-not-well-formed' }) as Error,
    );
  });

  test('may be answered in a batch', () => {
    const text = encodeExportBatchResponse('1', [
      { name: 'ExportIndication', error: null },
      { name: 'ExportIndication', error: new CimError(7, 'x') },
    ]).toString();
    expect(text.match(/<SIMPLEEXPRSP>/g)).toHaveLength(2);
  });
});

describe('a request as it is written', () => {
  test('says LocalOnly FALSE, for other servers take it as TRUE', () => {
    const text = encodeRequest('1', enumerate).toString();
    expect(text).toContain('<IPARAMVALUE NAME="LocalOnly"><VALUE>FALSE</VALUE></IPARAMVALUE>');
    expect(text).toContain('<IPARAMVALUE NAME="DeepInheritance"><VALUE>TRUE</VALUE></IPARAMVALUE>');
    expect(text).not.toContain('PropertyList');
  });

  test('has a TYPE on every key, guessed where nobody said', () => {
    const instanceName = createInstancePath('T_A', { A: 'x', B: 7, C: -7, D: true, E: 1.5 });
    const text = encodeRequest('1', { ...get, instanceName }).toString();
    expect(
      [...text.matchAll(/VALUETYPE="(\w+)" TYPE="(\w+)">/g)].map(([, valueType, type]) => `${valueType} ${type}`),
    ).toEqual(['string string', 'numeric uint64', 'numeric sint64', 'boolean boolean', 'numeric real64']);
  });

  test('cannot modify an instance without path, nor batch a single request', () => {
    const modify = {
      kind: 'ModifyInstance',
      namespace,
      modifiedInstance: instance('x').withPath(null),
      propertyList: null,
    } as const;
    expect(() => encodeRequest('1', modify)).toThrow(expect.objectContaining({ code: 'no_path' }) as Error);
    expect(() => encodeBatchRequest('1', [get])).toThrow(expect.objectContaining({ code: 'too_few' }) as Error);
  });
});
