import {
  createInstance,
  createInstancePath,
  foldName,
  instanceIdentity,
  type CimInstancePath,
  stringKey,
} from '../../../src/cim/model/index.js';
import {
  CimError,
  type CimRequest,
  type CimResult,
  type CimTransport,
  type ResultOf,
} from '../../../src/cim/operations/index.js';
import { interopNamespaces, typed, WbemClient, WbemServerView } from '../../../src/client/wbem/index.js';
import { testClass, TestExecutor, testInstance } from '../../http/support.js';

/** Answers requests in this process, and keeps them. */
class FakeTransport implements CimTransport {
  readonly requests: CimRequest[] = [];
  readonly #answer: (request: CimRequest) => CimResult | Promise<CimResult>;

  constructor(answer: (request: CimRequest) => CimResult | Promise<CimResult>) {
    this.#answer = answer;
  }

  get kinds(): string[] {
    return this.requests.map((request) => request.kind);
  }

  async call<R extends CimRequest>(request: R): Promise<ResultOf<R>> {
    this.requests.push(request);
    return (await this.#answer(request)) as ResultOf<R>;
  }
}

async function* batches<T>(...items: readonly (readonly T[])[]): AsyncGenerator<readonly T[]> {
  yield* items;
}

const ids = Array.from({ length: 25 }, (_, at) => `i${String(at).padStart(2, '0')}`);

/** A server with pulls over 25 instances. */
function pulling(): { readonly transport: FakeTransport; openCount(): number } {
  const open = new Map<string, number>();
  let sequence = 0;
  const page = (context: string | null, size: number): CimResult => {
    const from = context === null ? 0 : (open.get(context) ?? -1);
    if (from < 0) throw new CimError(21, 'no such context');
    if (context !== null) open.delete(context);
    const instances = ids.slice(from, from + size).map((id) => testInstance(id));
    const endOfSequence = from + size >= ids.length;
    const enumerationContext = endOfSequence ? null : String(++sequence);
    if (enumerationContext !== null) open.set(enumerationContext, from + size);
    return {
      kind: 'pulled-instances',
      withPath: true,
      instances,
      endOfSequence,
      enumerationContext,
      queryResultClass: null,
    };
  };
  const transport = new FakeTransport((request) => {
    switch (request.kind) {
      case 'OpenEnumerateInstances':
        return page(null, request.maxObjectCount);
      case 'PullInstancesWithPath':
        return page(request.enumerationContext, request.maxObjectCount);
      case 'CloseEnumeration':
        open.delete(request.enumerationContext);
        return { kind: 'void' };
      default:
        throw new CimError(7, request.kind);
    }
  });
  return { transport, openCount: () => open.size };
}

describe('iterators', () => {
  test('pull everything in portions and leave nothing open', async () => {
    const { transport, openCount } = pulling();
    const client = new WbemClient(transport, { namespace: 'root/t', maxObjectCount: 10 });
    const found = await client.instances('T_A').toArray();
    expect(found.map((instance) => instance.get('Id'))).toEqual(ids);
    expect(found[0]?.path).toMatchObject({ namespace: 'root/t' });
    expect(transport.kinds).toEqual(['OpenEnumerateInstances', 'PullInstancesWithPath', 'PullInstancesWithPath']);
    expect(openCount()).toBe(0);
  });

  test('an early stop closes the enumeration', async () => {
    const { transport, openCount } = pulling();
    const client = new WbemClient(transport, { maxObjectCount: 10 });
    for await (const instance of client.instances('T_A')) {
      if (instance.get('Id') === 'i12') break;
    }
    expect(transport.kinds.at(-1)).toBe('CloseEnumeration');
    expect(openCount()).toBe(0);
    expect(await client.instances('T_A').first()).toBeDefined();
    expect(openCount()).toBe(0);
    expect(await client.instances('T_A').toArray(25)).toHaveLength(25);
    expect(openCount()).toBe(0);
  });

  test('a pull that fails has ended the enumeration: nothing is closed', async () => {
    const transport = new FakeTransport((request) => {
      if (request.kind === 'OpenEnumerateInstances') {
        return {
          kind: 'pulled-instances',
          withPath: true,
          instances: [testInstance('a')],
          endOfSequence: false,
          enumerationContext: 'c',
          queryResultClass: null,
        };
      }
      throw new CimError(request.kind === 'PullInstancesWithPath' ? 23 : 1, 'x');
    });
    await expect(new WbemClient(transport).instances('T_A').toArray()).rejects.toMatchObject({ status: 23 });
    expect(transport.kinds).toEqual(['OpenEnumerateInstances', 'PullInstancesWithPath']);
  });

  test('a server that never ends and never sends is given up', async () => {
    const transport = new FakeTransport((request) =>
      request.kind === 'CloseEnumeration'
        ? { kind: 'void' }
        : {
            kind: 'pulled-instances',
            withPath: true,
            instances: [],
            endOfSequence: false,
            enumerationContext: 'c',
            queryResultClass: null,
          },
    );
    await expect(new WbemClient(transport).instances('T_A').toArray()).rejects.toMatchObject({ code: 'bad_answer' });
    expect(transport.kinds.at(-1)).toBe('CloseEnumeration');
  });

  test.each([
    ['NOT_SUPPORTED', new CimError(7, 'no')],
    ["sfcb's complaint", new CimError(1, 'invalid imethodcall XML')],
  ])('fall back to the classic operation on %s, and remember it', async (_name, refusal) => {
    const executor = new TestExecutor(ids);
    const transport = new FakeTransport((request) => {
      if (request.kind.startsWith('Open')) throw refusal;
      return executor.execute(null, request, { signal: new AbortController().signal });
    });
    const client = new WbemClient(transport, { namespace: 'root/t' });
    expect(await client.instances('T_A').toArray()).toHaveLength(25);
    expect(await client.instances('T_A').toArray()).toHaveLength(25);
    expect((await client.instancePaths('T_A').toArray())[0]).toMatchObject({ namespace: 'root/t' });
    expect(transport.kinds).toEqual([
      'OpenEnumerateInstances',
      'EnumerateInstances',
      'EnumerateInstances',
      'OpenEnumerateInstancePaths',
      'EnumerateInstanceNames',
    ]);
  });

  test('other failures, filters and `always` do not fall back', async () => {
    const refusing = (error: CimError): WbemClient =>
      new WbemClient(
        new FakeTransport(() => {
          throw error;
        }),
      );
    await expect(refusing(new CimError(5, 'x')).instances('T_A').toArray()).rejects.toMatchObject({ status: 5 });
    await expect(refusing(new CimError(1, 'disk full')).instances('T_A').toArray()).rejects.toMatchObject({
      status: 1,
    });
    const filter = { filterQueryLanguage: 'DMTF:FQL', filterQuery: 'N = 1' };
    await expect(refusing(new CimError(7, 'x')).instances('T_A', filter).toArray()).rejects.toMatchObject({
      status: 7,
    });
    await expect(refusing(new CimError(7, 'x')).instances('T_A', { pull: 'always' }).toArray()).rejects.toMatchObject({
      status: 7,
    });
  });

  test('a NOT_SUPPORTED after pulls have worked is an error, not a missing operation', async () => {
    let broken = false;
    const { transport } = pulling();
    const client = new WbemClient({
      call: (request) => {
        if (broken) throw new CimError(7, 'provider says so');
        return transport.call(request);
      },
    });
    await client.instances('T_A').toArray();
    broken = true;
    await expect(client.instances('T_A').toArray()).rejects.toMatchObject({ status: 7 });
  });

  test('associators, references and queries fall back too, to instances only', async () => {
    const transport = new FakeTransport((request) => {
      if (request.kind === 'Associators' || request.kind === 'References' || request.kind === 'ExecQuery') {
        return { kind: 'objects', batches: batches([testInstance('x'), testClass]) };
      }
      if (request.kind === 'AssociatorNames' || request.kind === 'ReferenceNames') {
        return {
          kind: 'object-paths',
          batches: batches([createInstancePath('T_A', { Id: 'x' }, { namespace: 'root/else' })]),
        };
      }
      throw new CimError(7, 'no');
    });
    const client = new WbemClient(transport, { namespace: 'root/t' });
    const name = 'root/t:T_A.Id="a"';
    expect(await client.associators(name, { assocClass: 'T_R' }).toArray()).toHaveLength(1);
    expect(await client.references(name).toArray()).toHaveLength(1);
    expect((await client.associatorPaths(name).toArray())[0]?.namespace).toBe('root/else');
    expect(await client.referencePaths(name).toArray()).toHaveLength(1);
    expect(await client.query('WQL', 'SELECT * FROM T_A').toArray()).toHaveLength(1);
    expect(transport.requests[1]).toMatchObject({
      assocClass: 'T_R',
      resultClass: null,
      namespace: 'root/t',
      objectName: { namespace: null },
    });
  });
});

describe('operations', () => {
  const executor = new TestExecutor();
  const transport = new FakeTransport((request) => {
    if (request.kind === 'CreateInstance' || request.kind === 'ModifyInstance') {
      const instance = request.kind === 'CreateInstance' ? request.newInstance : request.modifiedInstance;
      if (request.kind === 'ModifyInstance') return { kind: 'void' };
      return { kind: 'instance-name', path: createInstancePath('T_A', { Id: instance.getString('Id') ?? '' }) };
    }
    return executor.execute(null, request, { signal: new AbortController().signal });
  });
  const client = new WbemClient(transport, { namespace: 'root/t' });
  const last = (): CimRequest => transport.requests.at(-1) as CimRequest;

  test('instances are named by text or path; answers carry full paths', async () => {
    const instance = await client.getInstance('//other/root/t:T_A.Id="a"', { propertyList: ['N'] });
    expect(instance.path).toEqual({
      ...createInstancePath('T_A', [{ name: 'Id', type: null, value: 'a' }]),
      namespace: 'root/t',
    });
    expect(last()).toMatchObject({ instanceName: { host: null, namespace: null }, propertyList: ['N'] });
    await expect(client.getInstance('T_A')).rejects.toMatchObject({ code: 'bad_object_path' });
  });

  test('create and modify take plain values by the types of the class, which is read once', async () => {
    const path = await client.create('T_A', { Id: 'n', N: 7n, Big: 5, S: null });
    expect(path.namespace).toBe('root/t');
    const created = (last() as CimRequest & { kind: 'CreateInstance' }).newInstance;
    expect([created.get('N'), created.get('Big'), created.get('S')]).toEqual([7, 5n, null]);
    await client.modify(path, { N: '12' });
    const modified = last() as CimRequest & { kind: 'ModifyInstance' };
    expect(modified.propertyList).toEqual(['N']);
    expect(modified.modifiedInstance.properties().map((property) => [property.name, property.value])).toEqual([
      ['N', 12],
    ]);
    expect(modified.modifiedInstance.path).toMatchObject({ className: 'T_A', namespace: null });
    await expect(client.create('T_A', { Nope: 1 })).rejects.toMatchObject({ code: 'no_such_property' });
    await expect(client.create('T_A', { N: 2 ** 40 })).rejects.toMatchObject({ code: 'bad_value' });
    await expect(client.create('T_A', { N: [1] })).rejects.toMatchObject({ code: 'bad_value' });
    expect(transport.kinds.filter((kind) => kind === 'GetClass')).toHaveLength(1);
  });

  test('methods get the types of their parameters from the class, or from the caller', async () => {
    expect(await client.invoke('T_A.Id="a"', 'add', { a: 2, B: '40', C: undefined })).toEqual({
      returnValue: 42,
      out: {},
    });
    expect(last()).toMatchObject({
      methodName: 'Add',
      parameters: [
        { name: 'A', type: 'uint32', value: 2 },
        { name: 'B', type: 'uint32', value: 40 },
      ],
    });
    await expect(client.invoke('T_A.Id="a"', 'Add', { X: 1 })).rejects.toMatchObject({ code: 'no_such_parameter' });
    await expect(client.invoke('T_A.Id="a"', 'Nope', { X: 1 })).rejects.toMatchObject({ status: 17 });
    const before = transport.kinds.filter((kind) => kind === 'GetClass').length;
    await client.invoke('T_B', 'Any', { Flag: typed('boolean', true), List: typed('uint64', [1, 2]) });
    expect(last()).toMatchObject({
      objectName: { kind: 'class-path' },
      parameters: [
        { type: 'boolean', value: true },
        { type: 'uint64', isArray: true, value: [1n, 2n] },
      ],
    });
    expect(transport.kinds.filter((kind) => kind === 'GetClass')).toHaveLength(before);
  });

  test('out parameters without a type get that of the class', async () => {
    const untyped = new WbemClient(
      new FakeTransport((request) =>
        request.kind === 'GetClass'
          ? { kind: 'class', class: testClass }
          : {
              kind: 'method',
              returnType: 'uint32',
              returnValue: 0,
              outParameters: [{ name: 'a', type: null as never, isArray: false, value: '9' }],
            },
      ),
    );
    expect((await untyped.invoke('T_A', 'Add', { A: 1 })).out).toEqual({ a: 9 });
  });

  test('a class that could not be read is asked for again', async () => {
    let attempts = 0;
    const shaky = new WbemClient(
      new FakeTransport(() => {
        attempts++;
        if (attempts === 1) throw new CimError(1, 'busy');
        return { kind: 'class', class: testClass };
      }),
    );
    await expect(shaky.classOf('T_A')).rejects.toMatchObject({ status: 1 });
    expect((await shaky.classOf('t_a')).name).toBe('T_A');
    await shaky.classOf('T_A');
    expect(attempts).toBe(2);
  });
});

describe('the view of a server', () => {
  const withName = (className: string, values: Record<string, string | number>) => {
    const cls = {
      ...testClass,
      name: className,
      properties: Object.entries(values).map(([name, value]) => ({
        ...(testClass.properties[0] as (typeof testClass.properties)[number]),
        name,
        type: typeof value === 'number' ? ('uint16' as const) : ('string' as const),
        qualifiers: name === 'Name' || name === 'InstanceID' ? (testClass.properties[0]?.qualifiers ?? []) : [],
      })),
    };
    return createInstance(cls, values);
  };

  function server(
    interop: string,
    classes: Readonly<Record<string, readonly ReturnType<typeof withName>[]>>,
  ): FakeTransport {
    return new FakeTransport((request) => {
      if (foldName(request.namespace) !== foldName(interop)) throw new CimError(3, 'no namespace');
      if (request.kind === 'EnumerateInstances' || request.kind === 'EnumerateInstanceNames') {
        const found = classes[request.className];
        if (found === undefined) throw new CimError(5, 'no class');
        return request.kind === 'EnumerateInstances'
          ? { kind: 'named-instances', batches: batches(found) }
          : { kind: 'instance-names', batches: batches(found.flatMap((instance) => instance.path ?? [])) };
      }
      throw new CimError(7, request.kind);
    });
  }

  test.each(interopNamespaces)('the interop namespace is found, here %s', async (interop) => {
    const view = new WbemServerView(
      new WbemClient(server(interop, { CIM_Namespace: [withName('CIM_Namespace', { Name: 'root/tvdc' })] })),
    );
    expect(await view.interopNamespace()).toBe(interop);
    expect(await view.namespaces()).toEqual([interop, 'root/tvdc']);
  });

  test('namespaces are found by the older classes', async () => {
    const view = new WbemServerView(
      new WbemClient(server('root/interop', { __Namespace: [withName('__Namespace', { Name: 'interop' })] })),
    );
    expect(await view.namespaces()).toEqual(['root/interop', 'interop']);
  });

  test('a server without one is told apart from one that cannot be reached', async () => {
    await expect(new WbemServerView(new WbemClient(server('elsewhere', {}))).namespaces()).rejects.toMatchObject({
      code: 'no_interop_namespace',
    });
    const down = new WbemClient({
      call: async () => {
        throw new CimError(2, 'not you');
      },
    });
    await expect(new WbemServerView(down).namespaces()).rejects.toMatchObject({ status: 2 });
  });

  test('brand and version come from the object manager', async () => {
    const manager = withName('CIM_ObjectManager', {
      Name: 'm',
      ElementName: 'TVDc',
      Description: 'The server, Version 1.2.3',
    });
    const view = new WbemServerView(
      new WbemClient(server('interop', { CIM_Namespace: [], CIM_ObjectManager: [manager] })),
    );
    expect(await view.brand()).toMatchObject({ brand: 'TVDc', version: '1.2.3' });
  });

  test('central instances: by the method, else by the association, else by scoping', async () => {
    const path = (className: string, name: string): CimInstancePath =>
      createInstancePath(className, { InstanceID: name }, { namespace: 'interop' });
    const edges: Readonly<Record<string, readonly CimInstancePath[]>> = {
      'profile:CIM_ElementConformsToProfile': [],
      'profile:CIM_ReferencedProfile': [path('P', 'scoping')],
      'scoping:CIM_ElementConformsToProfile': [path('CIM_System', 's1')],
      's1:CIM_SystemDevice': [path('CIM_Port', 'p1'), path('CIM_Port', 'p2')],
    };
    const transport = new FakeTransport((request) => {
      if (request.kind === 'AssociatorNames') {
        const from = stringKey(request.objectName as CimInstancePath, 'InstanceID') ?? '';
        return { kind: 'object-paths', batches: batches(edges[`${from}:${request.assocClass}`] ?? []) };
      }
      throw new CimError(7, request.kind);
    });
    const view = new WbemServerView(new WbemClient(transport, { namespace: 'interop' }));
    const profile = path('P', 'profile');
    expect(await view.centralInstances(profile)).toEqual([]);
    const scoped = await view.centralInstances(profile, {
      centralClass: 'CIM_Port',
      scopingClass: 'CIM_System',
      scopingPath: ['CIM_SystemDevice'],
    });
    expect(scoped.map(instanceIdentity)).toEqual(
      [path('CIM_Port', 'p1'), path('CIM_Port', 'p2')].map(instanceIdentity),
    );
    expect(transport.requests).toContainEqual(
      expect.objectContaining({ assocClass: 'CIM_ReferencedProfile', resultRole: 'Dependent' }),
    );

    const telling = new FakeTransport(() => ({
      kind: 'method',
      returnType: 'uint32',
      returnValue: 0,
      outParameters: [{ name: 'CentralInstances', type: 'reference', isArray: true, value: [path('C', 'x')] }],
    }));
    expect(await new WbemServerView(new WbemClient(telling)).centralInstances(profile)).toEqual([path('C', 'x')]);
  });
});
