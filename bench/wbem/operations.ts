import { encodeRequest } from '../../src/cim/codec/index.js';
import type { CimRequest } from '../../src/cim/operations/index.js';
import type { Connection, Prepared } from './connection.js';
import { prepare } from './connection.js';
import { deepestClass, item, itemClass, itemPath, namespaces, providedClass } from './data.js';

/** CPU milliseconds for one operation at 1, 8 and 32 connections; null: not measured or not possible. */
export type Figures = readonly [number | null, number | null, number | null];

/** One thing that is measured, over and over. */
export interface Measured {
  readonly name: string;
  /** The better of the two servers at each number of connections, where both could do it. */
  readonly peer: { readonly name: 'OpenPegasus' | 'sfcb' | 'either'; readonly figures: Figures };
  /** What we want to reach: CPU milliseconds at one connection and at more. */
  readonly goal: readonly [number, number];
  /** Numbers of connections that make sense. */
  readonly connections: readonly number[];
  run(connection: Connection): Promise<void>;
}

const instances = 1000;
const namespace = namespaces.usual;
const plain = { includeClassOrigin: false, propertyList: null } as const;
const all = [1, 8, 32] as const;
let sequence = 0;

/** A request, ready to be sent. */
export function prepared(request: CimRequest): Prepared {
  return prepare(request.kind, request.namespace, encodeRequest(String(1000 + (sequence++ % 9000)), request));
}

function always(request: CimRequest): (connection: Connection) => Promise<void> {
  const bytes = prepared(request);
  return async (connection) => void (await connection.call(bytes));
}

/** Many different requests in turn, with a stride that leaves no pattern. */
function inTurn(count: number, make: (at: number) => CimRequest): (connection: Connection) => Promise<void> {
  const requests = Array.from({ length: count }, (_, at) => prepared(make(at)));
  let next = 0;
  return async (connection) => {
    next = (next + 7919) % count;
    await connection.call(requests[next] as Prepared);
  };
}

async function pullAll(connection: Connection, open: Prepared): Promise<void> {
  let answer = await connection.call(open);
  for (;;) {
    const { tail } = answer;
    if (/NAME="EndOfSequence"[^>]*><VALUE>true/i.test(tail)) return;
    const enumerationContext = /NAME="EnumerationContext"[^>]*><VALUE>([^<]+)/.exec(tail)?.[1];
    if (enumerationContext === undefined) throw new Error('no context');
    const pull = { kind: 'PullInstancesWithPath', namespace, enumerationContext, maxObjectCount: 100 } as const;
    answer = await connection.call(prepared(pull));
  }
}

/** Everything that has a figure of the other servers, and their figures. */
export function operations(): readonly Measured[] {
  const cls = itemClass();
  const enumerate = (className: string): CimRequest => ({
    kind: 'EnumerateInstances',
    namespace,
    className,
    deepInheritance: true,
    ...plain,
  });
  const open = prepared({
    kind: 'OpenEnumerateInstances',
    namespace,
    className: 'BENCH_Item',
    deepInheritance: true,
    ...plain,
    filterQueryLanguage: null,
    filterQuery: null,
    operationTimeout: null,
    continueOnError: false,
    maxObjectCount: 100,
  });
  let created = instances;
  const wholeClass = { localOnly: false, includeQualifiers: true } as const;
  return [
    {
      name: 'GetInstance',
      peer: { name: 'either', figures: [0.33, 0.32, 0.3] },
      goal: [0.13, 0.05],
      connections: all,
      run: inTurn(instances, (at) => ({ kind: 'GetInstance', namespace, instanceName: itemPath(at), ...plain })),
    },
    {
      name: 'GetClass, 55 kB',
      peer: { name: 'OpenPegasus', figures: [0.25, 0.19, 0.2] },
      goal: [0.11, 0.06],
      connections: all,
      run: always({
        kind: 'GetClass',
        namespace,
        className: deepestClass,
        ...wholeClass,
        includeClassOrigin: true,
        propertyList: null,
      }),
    },
    {
      name: 'EnumerateInstanceNames, 1000',
      peer: { name: 'OpenPegasus', figures: [1.11, 1.17, 1.33] },
      goal: [0.15, 0.15],
      connections: all,
      run: always({ kind: 'EnumerateInstanceNames', namespace, className: 'BENCH_Item' }),
    },
    {
      name: 'EnumerateInstances, 1000',
      peer: { name: 'either', figures: [7.1, 7.9, 8.5] },
      goal: [0.5, 0.5],
      connections: all,
      run: always(enumerate('BENCH_Item')),
    },
    {
      name: 'EnumerateInstances, 1000 of a provider',
      peer: { name: 'either', figures: [null, null, null] },
      goal: [6, 6],
      connections: all,
      run: always(enumerate(providedClass)),
    },
    {
      name: 'Open and Pull, 1000 by 100',
      peer: { name: 'OpenPegasus', figures: [13.4, 17.4, 13.3] },
      goal: [2, 2],
      connections: all,
      run: (connection) => pullAll(connection, open),
    },
    {
      name: 'ExecQuery, WQL 100 of 1000',
      peer: { name: 'either', figures: [3.1, 9.3, 12.6] },
      goal: [0.6, 0.6],
      connections: all,
      run: always({
        kind: 'ExecQuery',
        namespace,
        queryLanguage: 'WQL',
        query: 'SELECT * FROM BENCH_Item WHERE Count < 100',
      }),
    },
    {
      name: 'Associators, 100',
      peer: { name: 'either', figures: [5.0, 23.0, 21.6] },
      goal: [1, 1],
      connections: all,
      run: always({
        kind: 'Associators',
        namespace,
        objectName: itemPath(0),
        assocClass: 'BENCH_Link',
        resultClass: null,
        role: null,
        resultRole: null,
        includeQualifiers: false,
        ...plain,
      }),
    },
    {
      name: 'EnumerateClasses, deep',
      peer: { name: 'either', figures: [211, 1104, null] },
      goal: [15, 15],
      connections: [1],
      run: always({
        kind: 'EnumerateClasses',
        namespace,
        className: null,
        deepInheritance: true,
        ...wholeClass,
        includeClassOrigin: false,
      }),
    },
    {
      name: 'ModifyInstance',
      peer: { name: 'either', figures: [1.06, 1.48, 1.27] },
      goal: [0.3, 0.1],
      connections: all,
      run: inTurn(instances, (at) => ({
        kind: 'ModifyInstance',
        namespace,
        modifiedInstance: item(cls, at, 1),
        propertyList: null,
      })),
    },
    {
      name: 'CreateInstance and DeleteInstance',
      peer: { name: 'either', figures: [1.9, 7.0, 7.1] },
      goal: [0.55, 0.2],
      connections: all,
      async run(connection) {
        const at = created++;
        await connection.call(prepared({ kind: 'CreateInstance', namespace, newInstance: item(cls, at) }));
        await connection.call(prepared({ kind: 'DeleteInstance', namespace, instanceName: itemPath(at) }));
      },
    },
  ];
}
