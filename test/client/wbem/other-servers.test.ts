import { connectTo, endAll, fan, intrinsic, key, listed, message, named, property, serverThat } from './answers.js';

afterEach(endAll);

describe('harmless faults are decoded, told, and refused when strict', () => {
  test.each([
    ['keys without a TYPE, as of servers before DTD 2.4', 'missing-key-type:KEYVALUE', listed(named('', ''))],
    [
      'PROPAGATED in capitals',
      'flag-case:PROPERTY',
      listed(named('<PROPERTY NAME="Speed" TYPE="uint32" PROPAGATED="TRUE"></PROPERTY>')),
    ],
    ['the id of another request', 'other-id:MESSAGE', listed(named(), '4711')],
    [
      'an empty embedded object',
      'empty-embedded-object:VALUE',
      listed(named('<PROPERTY NAME="Part" TYPE="string" EmbeddedObject="object"><VALUE></VALUE></PROPERTY>')),
    ],
    [
      'instances with their whole path, where only a name is due',
      'other-element:VALUE.INSTANCEWITHPATH',
      listed(
        `<VALUE.INSTANCEWITHPATH><INSTANCEPATH><NAMESPACEPATH><HOST>h</HOST><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="cimv2"/></LOCALNAMESPACEPATH></NAMESPACEPATH>${key()}</INSTANCEPATH>${fan()}</VALUE.INSTANCEWITHPATH>`,
      ),
    ],
    [
      'the answer of another operation',
      'other-name:IMETHODRESPONSE',
      intrinsic('EnumerateInstanceNames', `<IRETURNVALUE>${named()}</IRETURNVALUE>`),
    ],
  ])('%s', async (_what, fault, body) => {
    const { url } = await serverThat(() => ({ body }));
    const { client, transport } = connectTo(url);
    const [found] = await client.enumerateInstances('CIM_Fan');
    expect(found?.getString('Name')).toBe('f');
    expect(transport.tolerated).toEqual([fault]);
    await expect(connectTo(url, true).client.enumerateInstances('CIM_Fan')).rejects.toMatchObject({
      code: 'bad_answer',
    });
  });

  test('text/html around CIM-XML', async () => {
    const { url } = await serverThat(() => ({ body: listed(named()), headers: { 'Content-Type': 'text/html' } }));
    const { client, transport } = connectTo(url);
    expect(await client.enumerateInstances('CIM_Fan')).toHaveLength(1);
    expect(transport.tolerated).toEqual(['content-type']);
    await expect(connectTo(url, true).client.enumerateInstances('CIM_Fan')).rejects.toMatchObject({
      code: 'bad_answer',
    });
  });
});

describe('what is allowed, however rare, is no fault', () => {
  test.each([
    ['numbers with blanks around them (Pegasus)', property('Speed', 'uint32', '  5 '), 5],
    ['numbers in hexadecimal', property('Speed', 'uint32', '0x1F'), 31],
    [
      'the flag EMBEDDEDOBJECT in capitals (SBLIM)',
      `<PROPERTY NAME="Speed" TYPE="string" EMBEDDEDOBJECT="instance"><VALUE>&lt;INSTANCE CLASSNAME="CIM_Part"/&gt;</VALUE></PROPERTY>`,
      { className: 'CIM_Part' },
    ],
    [
      'an embedded object in CDATA',
      `<PROPERTY NAME="Speed" TYPE="string" EmbeddedObject="instance"><VALUE><![CDATA[<INSTANCE CLASSNAME="CIM_Part"></INSTANCE>]]></VALUE></PROPERTY>`,
      { className: 'CIM_Part' },
    ],
    ['attributes nobody knows', property('Speed', 'uint32', '5').replace('TYPE', 'VENDOR="x" TYPE'), 5],
    [
      'NULL in an array',
      '<PROPERTY.ARRAY NAME="Speed" TYPE="uint32"><VALUE.ARRAY><VALUE>1</VALUE><VALUE.NULL/></VALUE.ARRAY></PROPERTY.ARRAY>',
      [1, null],
    ],
  ])('%s', async (_what, more, value) => {
    const { url } = await serverThat(() => ({ body: listed(named(more)) }));
    const { client, transport } = connectTo(url, true);
    const speed = (await client.enumerateInstances('CIM_Fan'))[0]?.get('Speed');
    if (typeof value === 'object') expect(speed).toMatchObject(value);
    else expect(speed).toBe(value);
    expect(transport.tolerated).toEqual([]);
  });
});

describe('answers that cannot be trusted are errors with a piece of the text, never half a result', () => {
  test.each([
    [
      'an INSTANCE without CLASSNAME (Dell)',
      listed(`<VALUE.NAMEDINSTANCE>${key()}<INSTANCE></INSTANCE></VALUE.NAMEDINSTANCE>`),
    ],
    ['a KEYBINDING without NAME', listed(named().replace('KEYBINDING NAME="Name"', 'KEYBINDING'))],
    [
      'XML that is not well-formed where a method is missing (EMC)',
      message('<METHODRESPONSE NAME="x"><ERROR CODE="17"</METHODRESPONSE>'),
    ],
    ['a number that is a word', listed(named(property('Speed', 'uint32', 'fast')))],
  ])('%s', async (_what, body) => {
    const { url } = await serverThat(() => ({ body }));
    await expect(connectTo(url).client.enumerateInstances('CIM_Fan')).rejects.toMatchObject({
      code: 'bad_answer',
      details: { excerpt: expect.stringContaining('<CIM') as string },
    });
  });
});

test('instances of CIM_Error inside an ERROR come with it', async () => {
  const error =
    '<ERROR CODE="1" DESCRIPTION="CIM_ERR_FAILED: stuck"><INSTANCE CLASSNAME="CIM_Error"><PROPERTY NAME="Message" TYPE="string"><VALUE>stuck fan</VALUE></PROPERTY></INSTANCE></ERROR>';
  const { url } = await serverThat(() => ({ body: intrinsic('EnumerateInstances', error) }));
  const failure = await connectTo(url)
    .client.enumerateInstances('CIM_Fan')
    .catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ status: 1, description: 'stuck' });
  expect((failure as { instances: { getString(name: string): string }[] }).instances[0]?.getString('Message')).toBe(
    'stuck fan',
  );
});

test('sfcb, which fails on operations it does not know, is asked in the classic way and only once in the new one', async () => {
  const { url, asked } = await serverThat((operation) => ({
    body: operation.startsWith('Open')
      ? intrinsic(operation, '<ERROR CODE="1" DESCRIPTION="invalid imethodcall XML"/>')
      : listed(named()),
  }));
  const { client } = connectTo(url);
  expect(await client.instances('CIM_Fan').toArray()).toHaveLength(1);
  expect(await client.instances('CIM_Fan').toArray()).toHaveLength(1);
  expect(asked).toEqual(['OpenEnumerateInstances', 'EnumerateInstances', 'EnumerateInstances']);
});

test('Pegasus says what is wrong with a request in headers', async () => {
  const { url } = await serverThat(() => ({
    status: 400,
    headers: { CIMError: 'request-not-valid', PGErrorDetail: 'no%20namespace' },
    body: '',
  }));
  await expect(connectTo(url).client.enumerateInstances('CIM_Fan')).rejects.toMatchObject({
    code: 'http',
    status: 400,
    cimError: 'request-not-valid',
  });
});
