import type { CimClass, CimInstance, CimInstancePath } from '../../cim/model/index.js';
import {
  CimError,
  type ExecQuery,
  type ObjectsResult,
  type OpenQueryInstances,
  type PulledInstancesResult,
} from '../../cim/operations/index.js';
import { compileFilter, keyConstraint, parseQuery, project, type Query } from '../../cim/query/index.js';
import { cutClass } from '../../cim/schema/index.js';
import { type Call, type ClassSource, flatten, mapBatches, pick } from '../calls/index.js';
import type { Segment } from '../pulls/index.js';
import { open } from './pulling.js';
import { sourcesBelow } from './reading.js';

interface Prepared {
  readonly query: Query;
  readonly cls: CimClass;
  /** Made afresh each time. */
  readonly segments: () => readonly Segment<CimInstance>[];
}

/** A query names its class itself: a language of mere filters is none of its languages. */
function parse(language: string, text: string): { readonly query: Query; readonly className: string } {
  const query = parseQuery(language, text);
  if (query.fromClass === null) throw new CimError(14, `${language} is a language of filters, not of queries`);
  return { query, className: query.fromClass };
}

/** What a query has to look at: where it demands a value for every key, one instance; else what the provider finds. */
async function* candidates(
  call: Call,
  source: ClassSource,
  language: string,
  query: Query,
): AsyncGenerator<readonly CimInstance[], void, undefined> {
  const isPlaced = (reference: CimInstancePath): boolean =>
    reference.host === null &&
    reference.namespace !== null &&
    call.engine.namespaces.ofPath(reference, call.home) !== undefined;
  const path = source.readable ? keyConstraint(query, source.cls, isPlaced) : null;
  if (path === null) {
    const { text, where } = query;
    yield* where === null ? source.enumerate(null) : source.query({ language, text, where });
    return;
  }
  const instance = await source.get(call.references.keys(path), null);
  if (instance !== null) yield [instance];
}

/** @throws CimError 2, 14, 15, 29 */
async function prepare(call: Call, language: string, text: string): Promise<Prepared> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(language, text);
  } catch (error) {
    await call.authorize({ access: 'read' });
    throw error;
  }
  const { query, className } = parsed;
  await call.authorize({ access: 'read', className });
  const { schema, name } = call.home.space;
  const wanted = compileFilter(query, schema, { now: () => call.engine.clock.now() });
  const cls = call.classOf(className);
  const select = (batch: readonly CimInstance[]) =>
    pick(call.visible(batch, name), (instance) => (wanted(instance) ? project(query, instance) : undefined));
  const sources = sourcesBelow(call, className);
  const segments = () => sources.map((source) => () => mapBatches(candidates(call, source, language, query), select));
  return { query, cls, segments };
}

export async function execQuery(call: Call, request: ExecQuery): Promise<ObjectsResult> {
  const { segments } = await prepare(call, request.queryLanguage, request.query);
  const batches = mapBatches(flatten(segments()), (batch) =>
    batch.map((instance) =>
      instance.path === null ? instance : instance.withPath(call.fullPath(instance.path, call.home)),
    ),
  );
  return { kind: 'objects', batches };
}

/** The class of a query's results: the class asked for, cut to what is selected. */
function resultClass({ query, cls }: Prepared): CimClass {
  const names = query.projection?.flatMap((path) => (path.steps[0] === undefined ? [] : [path.steps[0].name])) ?? null;
  return cutClass(cls, { localOnly: false, includeQualifiers: true, includeClassOrigin: false, propertyList: names });
}

export async function openQueryInstances(call: Call, request: OpenQueryInstances): Promise<PulledInstancesResult> {
  const prepared = await prepare(call, request.filterQueryLanguage, request.filterQuery);
  const pulled = await open(call, request, 'instances', prepared.segments);
  return {
    kind: 'pulled-instances',
    withPath: false,
    instances: pulled.objects,
    endOfSequence: pulled.end,
    enumerationContext: pulled.context,
    queryResultClass: request.returnQueryResultClass ? resultClass(prepared) : null,
  };
}
