import { type CodecError, type CodecLimits, decodeMessage, type DecodedCall } from '../../../src/cim/codec/index.js';
import { CimDateTime, CimInstance } from '../../../src/cim/model/index.js';
import { CimError, type CimRequest } from '../../../src/cim/operations/index.js';

const local = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="cimv2"/></LOCALNAMESPACEPATH>';

function message(body: string, versions = { cim: '2.0', dtd: '2.0', protocol: '1.0' }): string {
  return `<?xml version="1.0" encoding="utf-8" ?>
<CIM CIMVERSION="${versions.cim}" DTDVERSION="${versions.dtd}"><MESSAGE ID="4711" PROTOCOLVERSION="${versions.protocol}">${body}</MESSAGE></CIM>`;
}

function intrinsic(name: string, parameters: string, at = local): string {
  return message(`<SIMPLEREQ><IMETHODCALL NAME="${name}">${at}${parameters}</IMETHODCALL></SIMPLEREQ>`);
}

function extrinsic(
  parameters: string,
  target = `<LOCALCLASSPATH>${local}<CLASSNAME NAME="X"/></LOCALCLASSPATH>`,
): string {
  return message(`<SIMPLEREQ><METHODCALL NAME="Do">${target}${parameters}</METHODCALL></SIMPLEREQ>`);
}

function callOf(text: string): DecodedCall {
  const { body } = decodeMessage(text);
  if (body.kind !== 'simple') throw new Error(`not simple but ${body.kind}`);
  return body.call;
}

function requestOf(text: string): CimRequest {
  const { outcome } = callOf(text);
  if (outcome.kind === 'faulty') throw outcome.error;
  return outcome.request;
}

function statusOf(text: string): number | null {
  const { outcome } = callOf(text);
  return outcome.kind === 'faulty' ? outcome.error.status : null;
}

function refusalOf(text: string | Uint8Array, limits?: Partial<CodecLimits>): string {
  try {
    decodeMessage(text, limits);
  } catch (error) {
    return (error as CodecError).code;
  }
  return 'accepted';
}

const value = (text: string): string => `<VALUE>${text}</VALUE>`;
const parameter = (name: string, content: string): string => `<IPARAMVALUE NAME="${name}">${content}</IPARAMVALUE>`;
const className = parameter('ClassName', '<CLASSNAME NAME="CIM_X"/>');
const instanceName = (keys: string): string =>
  parameter('InstanceName', `<INSTANCENAME CLASSNAME="CIM_X">${keys}</INSTANCENAME>`);
const newInstance = (properties: string): string =>
  intrinsic('CreateInstance', parameter('NewInstance', `<INSTANCE CLASSNAME="CIM_X">${properties}</INSTANCE>`));

function createdBy(properties: string): CimInstance {
  const request = requestOf(newInstance(properties));
  if (request.kind !== 'CreateInstance') throw new Error(request.kind);
  return request.newInstance;
}

describe('a request as wbemcli sends it', () => {
  test('for EnumerateInstances is read with what it says, and flags without effect are dropped', () => {
    const flags = ['LocalOnly', 'IncludeQualifiers'].map((name) => parameter(name, value('FALSE'))).join('');
    const text = intrinsic(
      'EnumerateInstances',
      `${className}${parameter('DeepInheritance', value('TRUE'))}${flags}${parameter('IncludeClassOrigin', value('TRUE'))}`,
    );
    expect(decodeMessage(text)).toMatchObject({
      id: '4711',
      cimVersion: '2.0',
      dtdVersion: '2.0',
      protocolVersion: '1.0',
    });
    expect(callOf(text)).toMatchObject({
      name: 'EnumerateInstances',
      intrinsic: true,
      target: { kind: 'namespace', namespace: 'root/cimv2' },
    });
    expect(requestOf(text)).toEqual({
      kind: 'EnumerateInstances',
      namespace: 'root/cimv2',
      className: 'CIM_X',
      deepInheritance: true,
      includeClassOrigin: true,
      propertyList: null,
    });
  });

  test('names a class for an association call by an INSTANCENAME without keys', () => {
    const text = intrinsic(
      'AssociatorNames',
      parameter('ObjectName', '<INSTANCENAME CLASSNAME="CIM_X"></INSTANCENAME>'),
    );
    expect(requestOf(text)).toMatchObject({
      objectName: { kind: 'class-path', className: 'CIM_X' },
      assocClass: null,
      resultRole: null,
    });
  });

  test('may put its parameters in any order and spell their names and the operation in any case', () => {
    const text = intrinsic(
      'getclass',
      `${parameter('INCLUDEQUALIFIERS', value(' true '))}${className}${parameter('localonly', value('False'))}`,
    );
    expect(requestOf(text)).toEqual({
      kind: 'GetClass',
      namespace: 'root/cimv2',
      className: 'CIM_X',
      localOnly: false,
      includeQualifiers: true,
      includeClassOrigin: false,
      propertyList: null,
    });
    expect(callOf(text).name).toBe('getclass');
  });

  test('has keys without TYPE whose text is kept where a number would lose it', () => {
    const key = (name: string, type: string, text: string): string =>
      `<KEYBINDING NAME="${name}"><KEYVALUE VALUETYPE="${type}">${text}</KEYVALUE></KEYBINDING>`;
    const text = intrinsic(
      'GetInstance',
      instanceName(
        key('A', 'numeric', '42') +
          key('B', 'numeric', '007') +
          key('C', 'numeric', '0x1F') +
          key('D', 'boolean', 'true') +
          key('E', 'boolean', 'TRUE') +
          key('F', 'string', ' x ') +
          key('G', 'numeric', '1.5') +
          key('H', 'numeric', '-9223372036854775808'),
      ),
    );
    const request = requestOf(text);
    const keys = request.kind === 'GetInstance' ? request.instanceName.keys : [];
    expect(keys.map((binding) => binding.value)).toEqual([
      42n,
      '007',
      '0x1F',
      true,
      'TRUE',
      ' x ',
      1.5,
      -9223372036854775808n,
    ]);
    expect(keys.every((binding) => binding.type === null)).toBe(true);
  });

  test('has method parameters without PARAMTYPE, which stay text', () => {
    const text = extrinsic(
      '<PARAMVALUE NAME="A"><VALUE>7</VALUE></PARAMVALUE><PARAMVALUE NAME="B"><VALUE.ARRAY><VALUE>1</VALUE><VALUE.NULL/></VALUE.ARRAY></PARAMVALUE><PARAMVALUE NAME="C"></PARAMVALUE>',
    );
    const request = requestOf(text);
    expect(request.kind === 'InvokeMethod' && request.parameters).toEqual([
      { name: 'A', type: null, isArray: false, value: '7' },
      { name: 'B', type: null, isArray: true, value: ['1', null] },
      { name: 'C', type: null, isArray: false, value: null },
    ]);
    expect(callOf(text).target).toMatchObject({ kind: 'class-path', className: 'X', namespace: 'root/cimv2' });
  });

  test('has references with the host and namespace that it was given, however strange', () => {
    const path =
      '<INSTANCEPATH><NAMESPACEPATH><HOST>root</HOST><LOCALNAMESPACEPATH><NAMESPACE NAME="tvdc"/></LOCALNAMESPACEPATH></NAMESPACEPATH><INSTANCENAME CLASSNAME="C"><KEYBINDING NAME="k"><KEYVALUE>v</KEYVALUE></KEYBINDING></INSTANCENAME></INSTANCEPATH>';
    const instance = createdBy(
      `<PROPERTY.REFERENCE NAME="Ref"><VALUE.REFERENCE>${path}</VALUE.REFERENCE></PROPERTY.REFERENCE>`,
    );
    expect(instance.get('ref')).toMatchObject({ host: 'root', namespace: 'tvdc', className: 'C' });
  });

  test('copies qualifiers into a new instance, where they are read over', () => {
    const qualifier = '<QUALIFIER NAME="Key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>';
    expect(
      createdBy(`${qualifier}<PROPERTY NAME="Id" TYPE="string">${qualifier}<VALUE>x</VALUE></PROPERTY>`).get('Id'),
    ).toBe('x');
  });
});

describe('what other clients send', () => {
  test('the only key of a class may stand without KEYBINDING and has no name then', () => {
    const text = intrinsic('DeleteInstance', instanceName('<KEYVALUE TYPE="uint8">7</KEYVALUE>'));
    expect(requestOf(text)).toMatchObject({ instanceName: { keys: [{ name: '', type: 'uint8', value: 7n }] } });
  });

  test.each(['EmbeddedObject', 'EMBEDDEDOBJECT'])(
    'an embedded object marked by %s, escaped or in CDATA',
    (attribute) => {
      const inner = '<INSTANCE CLASSNAME="In"><PROPERTY NAME="N" TYPE="uint16"><VALUE>5</VALUE></PROPERTY></INSTANCE>';
      for (const text of [inner.replace(/</g, '&lt;'), `<![CDATA[${inner}]]>`]) {
        const instance = createdBy(
          `<PROPERTY NAME="E" TYPE="string" ${attribute}="instance"><VALUE>${text}</VALUE></PROPERTY>`,
        );
        const embedded = instance.get('E');
        expect(embedded instanceof CimInstance && embedded.get('N')).toBe(5);
      }
    },
  );

  test('TYPE in place of PARAMTYPE, and the types instance and object', () => {
    const text = extrinsic(
      '<PARAMVALUE NAME="A" TYPE="uint8"><VALUE>7</VALUE></PARAMVALUE><PARAMVALUE NAME="B" PARAMTYPE="instance"><VALUE>&lt;INSTANCE CLASSNAME="In"/></VALUE></PARAMVALUE>',
    );
    const request = requestOf(text);
    const [first, second] = request.kind === 'InvokeMethod' ? request.parameters : [];
    expect(first).toMatchObject({ type: 'uint8', value: 7 });
    expect(second).toMatchObject({ type: 'string', value: { kind: 'instance' } });
  });

  test('values with blanks around them, hexadecimal numbers, booleans in any case, NULL items', () => {
    const property = (name: string, type: string, text: string): string =>
      `<PROPERTY NAME="${name}" TYPE="${type}"><VALUE>${text}</VALUE></PROPERTY>`;
    const instance = createdBy(
      property('A', 'uint32', ' 0x1f ') +
        property('B', 'boolean', '\n tRuE ') +
        property('C', 'sint8', '-128') +
        property('D', 'real32', 'INF') +
        property('E', 'string', ' x ') +
        property('F', 'datetime', '20240101000000.000000+000') +
        property('G', 'uint64', '18446744073709551615') +
        '<PROPERTY.ARRAY NAME="H" TYPE="string"><VALUE.ARRAY><VALUE/><VALUE.NULL/></VALUE.ARRAY></PROPERTY.ARRAY><PROPERTY NAME="I" TYPE="string"/>',
    );
    expect(instance.values).toEqual([
      31,
      true,
      -128,
      Number.POSITIVE_INFINITY,
      ' x ',
      CimDateTime.parse('20240101000000.000000+000'),
      18446744073709551615n,
      ['', null],
      null,
    ]);
  });

  test('no XML declaration, a byte order mark, comments, unknown attributes, correlators', () => {
    const correlator = '<CORRELATOR NAME="a" TYPE="string"><VALUE>b</VALUE></CORRELATOR>';
    const body = `<SIMPLEREQ>${correlator}<IMETHODCALL NAME="EnumerateQualifiers" x="y">${local}</IMETHODCALL></SIMPLEREQ>`;
    const text = `\ufeff<!-- c --><CIM CIMVERSION="2.0" DTDVERSION="2.4" xml:lang="en"><MESSAGE ID="1" PROTOCOLVERSION="1.4">${body}</MESSAGE></CIM>`;
    expect(decodeMessage(Buffer.from(text)).body).toMatchObject({
      kind: 'simple',
      call: { outcome: { kind: 'request' } },
    });
  });

  test('instances with the same headers share one shape, by whatever request they come', () => {
    const properties =
      '<PROPERTY NAME="A" TYPE="string"><VALUE>x</VALUE></PROPERTY><PROPERTY NAME="B" TYPE="uint8"></PROPERTY>';
    expect(createdBy(properties).shape).toBe(createdBy(properties.replace('>x<', '>y<')).shape);
    expect(createdBy(properties.replace('uint8', 'uint16')).shape).not.toBe(createdBy(properties).shape);
  });
});

describe('a request that CIM does not allow is answered in ERROR:', () => {
  const property = (attributes: string, text: string): string =>
    newInstance(`<PROPERTY ${attributes}><VALUE>${text}</VALUE></PROPERTY>`);
  const cases: readonly (readonly [string, string, number])[] = [
    ['unknown operation', intrinsic('EnumerateEverything', parameter('Any', value('x'))), 7],
    ['unknown parameter', intrinsic('DeleteClass', className + parameter('Force', value('TRUE'))), 4],
    ['parameter missing', intrinsic('GetClass', ''), 4],
    ['parameter NULL though needed', intrinsic('GetClass', '<IPARAMVALUE NAME="ClassName"/>'), 4],
    ['parameter twice', intrinsic('DeleteClass', className + className), 4],
    [
      'parameter twice in other case',
      intrinsic('DeleteClass', className + className.replace('ClassName', 'classname')),
      4,
    ],
    ['parameter of another form', intrinsic('GetClass', parameter('ClassName', value('CIM_X'))), 4],
    ['boolean that is none', intrinsic('GetClass', className + parameter('LocalOnly', value('maybe'))), 4],
    [
      'ignored boolean that is none',
      intrinsic('EnumerateInstances', className + parameter('LocalOnly', value('maybe'))),
      4,
    ],
    [
      'count out of range',
      intrinsic(
        'PullInstances',
        parameter('EnumerationContext', value('x')) + parameter('MaxObjectCount', value('4294967296')),
      ),
      4,
    ],
    ['class name that is none', intrinsic('DeleteClass', parameter('ClassName', '<CLASSNAME NAME="1.2"/>')), 4],
    [
      'namespace that is none',
      intrinsic('EnumerateQualifiers', '', '<LOCALNAMESPACEPATH><NAMESPACE NAME=""/></LOCALNAMESPACEPATH>'),
      3,
    ],
    ['integer out of range', property('NAME="A" TYPE="uint8"', '256'), 4],
    ['integer that is text', property('NAME="A" TYPE="sint32"', 'seven'), 4],
    ['boolean property that is none', property('NAME="A" TYPE="boolean"', '1'), 4],
    ['char16 of two', property('NAME="A" TYPE="char16"', 'ab'), 4],
    ['datetime that is none', property('NAME="A" TYPE="datetime"', '2024-01-01'), 4],
    ['real that is none', property('NAME="A" TYPE="real64"', '1,5'), 4],
    [
      'embedded object that is none',
      property('NAME="A" TYPE="string" EmbeddedObject="object"', 'x').replace('>x<', '>&lt;X/><'),
      4,
    ],
    [
      'wrong value within an embedded object',
      property('NAME="A" TYPE="string" EmbeddedObject="object"', '&lt;INSTANCE CLASSNAME="1"/>'),
      4,
    ],
    ['property twice', newInstance('<PROPERTY NAME="A" TYPE="string"/><PROPERTY.ARRAY NAME="a" TYPE="string"/>'), 4],
    ['qualifier twice', newInstance('<QUALIFIER NAME="A" TYPE="string"/><QUALIFIER NAME="a" TYPE="string"/>'), 4],
    [
      'key twice',
      intrinsic('GetInstance', instanceName('<KEYBINDING NAME="A"><KEYVALUE>1</KEYVALUE></KEYBINDING>'.repeat(2))),
      4,
    ],
    [
      'key not of its type',
      intrinsic('GetInstance', instanceName('<KEYBINDING NAME="A"><KEYVALUE TYPE="uint8">x</KEYVALUE></KEYBINDING>')),
      4,
    ],
    [
      'numeric key that is text',
      intrinsic(
        'GetInstance',
        instanceName('<KEYBINDING NAME="A"><KEYVALUE VALUETYPE="numeric">x</KEYVALUE></KEYBINDING>'),
      ),
      4,
    ],
    ['method parameter twice', extrinsic('<PARAMVALUE NAME="A"/><PARAMVALUE NAME="a"/>'), 4],
    [
      'method parameter not of its type',
      extrinsic('<PARAMVALUE NAME="A" PARAMTYPE="uint8"><VALUE>x</VALUE></PARAMVALUE>'),
      4,
    ],
    [
      'wrong new value of SetProperty',
      intrinsic(
        'SetProperty',
        `${instanceName('')}${parameter('PropertyName', value('P'))}${parameter('NewValue', '<VALUE.REFERENCE><CLASSNAME NAME="1"/></VALUE.REFERENCE>')}`,
      ),
      13,
    ],
  ];

  test.each(cases)('%s', (_name, text, status) => {
    expect(statusOf(text)).toBe(status);
    const { outcome } = callOf(text);
    expect(outcome.kind === 'faulty' && outcome.error).toBeInstanceOf(CimError);
  });

  test('the first fault counts, and one call of a batch does not spoil the next', () => {
    const bad = `<SIMPLEREQ><IMETHODCALL NAME="Nothing">${local}</IMETHODCALL></SIMPLEREQ>`;
    const good = `<SIMPLEREQ><IMETHODCALL NAME="EnumerateQualifiers">${local}</IMETHODCALL></SIMPLEREQ>`;
    const { body } = decodeMessage(message(`<MULTIREQ>${bad}${good}${bad}</MULTIREQ>`));
    expect(body.kind === 'batch' && body.calls.map((call) => call.outcome.kind)).toEqual([
      'faulty',
      'request',
      'faulty',
    ]);
  });

  test('a fault is found again when the same tag comes a second time', () => {
    const text = newInstance('<PROPERTY NAME="A" TYPE="string"/><PROPERTY NAME="not a name" TYPE="string"/>');
    const before = newInstance('<PROPERTY NAME="0" TYPE="string"/><PROPERTY NAME="not a name" TYPE="string"/>');
    expect([before, text, text].map(statusOf)).toEqual([4, 4, 4]);
  });
});

describe('a request that breaks the DTD is refused as request-not-valid:', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['no CIM', '<X/>'],
    ['CIM without DTDVERSION', '<CIM CIMVERSION="2.0"/>'],
    ['CIM without MESSAGE', '<CIM CIMVERSION="2.0" DTDVERSION="2.0"/>'],
    ['MESSAGE without ID', '<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE PROTOCOLVERSION="1.0"/></CIM>'],
    ['MESSAGE without content', message('')],
    ['an answer', message('<SIMPLERSP><IMETHODRESPONSE NAME="GetClass"/></SIMPLERSP>')],
    [
      'a batch of one',
      message(`<MULTIREQ><SIMPLEREQ><IMETHODCALL NAME="X">${local}</IMETHODCALL></SIMPLEREQ></MULTIREQ>`),
    ],
    [
      'two requests without batch',
      message(`<SIMPLEREQ><IMETHODCALL NAME="X">${local}</IMETHODCALL></SIMPLEREQ>`.repeat(2)),
    ],
    ['IMETHODCALL without NAME', message(`<SIMPLEREQ><IMETHODCALL>${local}</IMETHODCALL></SIMPLEREQ>`)],
    ['IMETHODCALL without namespace', intrinsic('GetClass', className, '')],
    ['an empty namespace path', intrinsic('GetClass', className, '<LOCALNAMESPACEPATH/>')],
    ['an unknown element', intrinsic('GetClass', '<PARAMETER NAME="x"/>')],
    ['text between elements', intrinsic('GetClass', `text${className}`)],
    ['an element inside VALUE', intrinsic('GetClass', parameter('LocalOnly', '<VALUE><B/></VALUE>'))],
    ['two values in a parameter', intrinsic('GetClass', parameter('LocalOnly', value('TRUE').repeat(2)))],
    ['PROPERTY without TYPE', newInstance('<PROPERTY NAME="A"/>')],
    ['PROPERTY of an unknown TYPE', newInstance('<PROPERTY NAME="A" TYPE="int"/>')],
    ['PROPERTY of TYPE reference', newInstance('<PROPERTY NAME="A" TYPE="reference"/>')],
    ['PROPERTY with an array', newInstance('<PROPERTY NAME="A" TYPE="string"><VALUE.ARRAY/></PROPERTY>')],
    ['PROPERTY with a wrong EmbeddedObject', newInstance('<PROPERTY NAME="A" TYPE="string" EmbeddedObject="class"/>')],
    ['PROPAGATED neither true nor false', newInstance('<PROPERTY NAME="A" TYPE="string" PROPAGATED="yes"/>')],
    [
      'an unknown VALUETYPE',
      intrinsic(
        'GetInstance',
        instanceName('<KEYBINDING NAME="A"><KEYVALUE VALUETYPE="int">1</KEYVALUE></KEYBINDING>'),
      ),
    ],
    ['a KEYBINDING without key', intrinsic('GetInstance', instanceName('<KEYBINDING NAME="A"/>'))],
    [
      'two keys without KEYBINDING',
      intrinsic('GetInstance', instanceName('<KEYVALUE>1</KEYVALUE><KEYVALUE>2</KEYVALUE>')),
    ],
    ['an unknown PARAMTYPE', extrinsic('<PARAMVALUE NAME="A" PARAMTYPE="int"/>')],
    ['METHODCALL on a full path', extrinsic('', '<CLASSPATH/>')],
    ['a DOCTYPE', `<!DOCTYPE CIM SYSTEM "x">${intrinsic('EnumerateQualifiers', '').replace(/^<\?xml.*\?>\n/, '')}`],
    ['another encoding', intrinsic('EnumerateQualifiers', '').replace('utf-8', 'utf-16')],
  ];

  test.each(cases)('%s', (_name, text) => {
    expect(refusalOf(text)).toBe('request-not-valid');
  });

  test('bytes that are no UTF-8', () => {
    const bytes = Buffer.from(
      newInstance('<PROPERTY NAME="A" TYPE="string"><VALUE>\u00e9</VALUE></PROPERTY>'),
      'latin1',
    );
    expect(refusalOf(bytes)).toBe('request-not-valid');
  });

  test.each<readonly [string, Partial<CodecLimits>]>([
    ['depth', { maxDepth: 6 }],
    ['elements', { maxElements: 9 }],
    ['attributes', { maxAttributes: 1 }],
    ['length', { maxLength: 200 }],
    ['tag length', { maxTagLength: 40 }],
    ['embedding', { maxEmbedding: 1 }],
  ])('more %s than the limit', (_name, limits) => {
    const inner =
      '&lt;INSTANCE CLASSNAME="A">&lt;PROPERTY NAME="E" TYPE="string" EmbeddedObject="object">&lt;VALUE>&amp;lt;INSTANCE CLASSNAME="B"/>&lt;/VALUE>&lt;/PROPERTY>&lt;/INSTANCE>';
    const text = newInstance(
      `<PROPERTY NAME="E" TYPE="string" EmbeddedObject="object"><VALUE>${inner}</VALUE></PROPERTY>`,
    );
    expect(refusalOf(text)).toBe('accepted');
    expect(refusalOf(text, limits)).toBe('request-not-valid');
  });
});

describe('a request that is no XML', () => {
  test.each([
    ['cut short', intrinsic('EnumerateQualifiers', '').slice(0, -3)],
    ['crossed', intrinsic('EnumerateQualifiers', '').replace('</SIMPLEREQ>', '</SIMPLEREQ2>')],
    ['empty', ''],
    ['followed by more', `${intrinsic('EnumerateQualifiers', '')}x`],
    [
      'with an unescaped value, as wbemcli makes it',
      newInstance('<PROPERTY NAME="A" TYPE="string"><VALUE>a & b</VALUE></PROPERTY>'),
    ],
    ['faulty before the break', `${intrinsic('Nothing', '').slice(0, -6)}`],
  ])('(%s) is refused as request-not-well-formed', (_name, text) => {
    expect(refusalOf(text)).toBe('request-not-well-formed');
  });
});

describe('a message of a version that is not ours', () => {
  test.each([
    ['3.0', '2.0', '1.0', 'unsupported-cim-version'],
    ['2.0', '3.0', '1.0', 'unsupported-dtd-version'],
    ['2.0', '2.', '1.0', 'unsupported-dtd-version'],
    ['2.0', '2.1x', '1.0', 'unsupported-dtd-version'],
    ['2.0', '2.0', '2.0', 'unsupported-protocol-version'],
  ])('(%s, %s, %s) is told apart, whatever it holds', (cim, dtd, protocol, refusal) => {
    const decoded = decodeMessage(message('<NEW/>', { cim, dtd, protocol }));
    expect(decoded.body).toEqual({ kind: 'unsupported', refusal });
  });

  test.each(['2.0', '2.1', '2.2', '2.3.1', '2.4'])('DTD %s is ours', (dtd) => {
    const text = message(`<SIMPLEREQ><IMETHODCALL NAME="X">${local}</IMETHODCALL></SIMPLEREQ>`, {
      cim: '2.3',
      dtd,
      protocol: '1.4',
    });
    expect(decodeMessage(text).body.kind).toBe('simple');
  });
});

describe('an export request', () => {
  const indication =
    '<INSTANCE CLASSNAME="CIM_AlertIndication"><PROPERTY NAME="A" TYPE="uint8"><VALUE>1</VALUE></PROPERTY></INSTANCE>';
  const exportCall = (name: string, parameters: string): string =>
    `<SIMPLEEXPREQ><EXPMETHODCALL NAME="${name}">${parameters}</EXPMETHODCALL></SIMPLEEXPREQ>`;
  const one = `<EXPPARAMVALUE NAME="NewIndication">${indication}</EXPPARAMVALUE>`;

  test('gives the indication', () => {
    const { body } = decodeMessage(message(exportCall('ExportIndication', one)));
    expect(body).toMatchObject({ kind: 'export', call: { name: 'ExportIndication', outcome: { kind: 'indication' } } });
  });

  test('may be a batch', () => {
    const { body } = decodeMessage(
      message(`<MULTIEXPREQ>${exportCall('ExportIndication', one).repeat(2)}</MULTIEXPREQ>`),
    );
    expect(body.kind === 'export-batch' && body.calls).toHaveLength(2);
  });

  test.each([
    ['unknown method', exportCall('ExportAll', one), 7],
    ['no indication', exportCall('ExportIndication', ''), 4],
    ['NULL indication', exportCall('ExportIndication', '<EXPPARAMVALUE NAME="NewIndication"/>'), 4],
    ['two indications', exportCall('ExportIndication', one + one), 4],
    ['another parameter', exportCall('ExportIndication', one.replace('NewIndication', 'Old')), 4],
    ['wrong value', exportCall('ExportIndication', one.replace('>1<', '>x<')), 4],
  ])('with %s is answered in ERROR', (_name, text, status) => {
    const { body } = decodeMessage(message(text));
    expect(body).toMatchObject({ kind: 'export', call: { outcome: { kind: 'faulty', error: { status } } } });
  });
});
