import { DecodeError, messageOf, TvdcError } from '../../base/index.js';
import {
  type CimInstancePath,
  type CimValue,
  createInstance,
  createInstancePath,
  isCimArray,
} from '../../cim/model/index.js';
import type { JournalFact } from '../../store/index.js';
import { createRepositoryWork } from '../indications/index.js';
import type { MethodOutcome, Provider, ProviderContext } from '../provider/index.js';
import { type CompileMode, type CompileOutcome, compileOnServer } from './compile.js';
import type { SchemaServiceOptions } from './options.js';

/** Class of the service, in the interop namespace. */
export const schemaServiceClass = 'TVDC_SchemaService';

/** Return values of the methods. */
const returns = { completed: 0, notSupported: 1, failed: 4, invalidParameter: 5 } as const;

const modes: ReadonlyMap<number, CompileMode> = new Map([
  [2, 'check'],
  [3, 'load'],
  [4, 'remove'],
]);

type Parameters = Readonly<Record<string, CimValue>>;

function invalid(explanation: string): MethodOutcome {
  return { returnValue: returns.invalidParameter, out: { Explanation: explanation } };
}

function textOf(value: CimValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The texts of an array; null where it was not sent. */
function textsOf(value: CimValue | undefined): readonly string[] | null {
  if (value === undefined || !isCimArray(value)) return null;
  return value.map((item) => (typeof item === 'string' ? item : ''));
}

function countOf(outcome: CompileOutcome, action: string): number {
  return outcome.steps.filter((step) => step.action === action).length;
}

/** Name of the service's only instance; relative. */
export function schemaServicePath(systemName: string): CimInstancePath {
  return createInstancePath(schemaServiceClass, {
    SystemCreationClassName: 'CIM_ComputerSystem',
    SystemName: systemName,
    CreationClassName: schemaServiceClass,
    Name: 'TVDC:SchemaService',
  });
}

class SchemaService {
  readonly #options: SchemaServiceOptions;

  constructor(options: SchemaServiceOptions) {
    this.#options = options;
  }

  #fact(context: ProviderContext, kind: string, subject: string, facts: Readonly<Record<string, number>>): JournalFact {
    return { kind, actor: context.caller.user, subject, facts: { ...facts, address: context.caller.address } };
  }

  async compile(context: ProviderContext, parameters: Parameters): Promise<MethodOutcome> {
    const { repository, registry, journal, clock, randomness, sink, systemName } = this.#options;
    const namespace = textOf(parameters['Namespace']);
    const mode = modes.get(Number(parameters['Mode']));
    if (namespace === null) return invalid('Namespace is missing');
    if (mode === undefined) return invalid('Mode can be 2 (Check), 3 (Load) or 4 (Remove)');
    const names = textsOf(parameters['Names']) ?? [];
    const sources = textsOf(parameters['Sources']) ?? [];
    if (names.length !== sources.length) return invalid('Names and Sources have different lengths');
    const archive = textOf(parameters['Archive']);
    if (sources.length === 0 && archive === null) return invalid('neither Sources nor Archive is there');
    const work = createRepositoryWork({ repository, sink, journal, clock, randomness, host: systemName })(
      context.caller,
    );
    const order = {
      namespace,
      mode,
      sources: new Map(names.map((name, at) => [name, sources[at] ?? ''])),
      archive: archive === null ? null : Buffer.from(archive, 'base64'),
      files: textsOf(parameters['Files']),
    };
    let outcome: CompileOutcome;
    try {
      outcome = await compileOnServer(order, {
        repository,
        served: (where) => registry.classNames(where),
        ...(work === undefined ? {} : { work }),
        seal: (tx, steps) => {
          const count = (action: string): number => steps.filter((step) => step.action === action).length;
          const facts = { created: count('created'), modified: count('modified'), deleted: count('deleted') };
          journal.append(tx, this.#fact(context, `schema.${mode === 'load' ? 'loaded' : 'removed'}`, namespace, facts));
        },
      });
    } catch (error) {
      if (error instanceof DecodeError) return invalid(error.message);
      throw error;
    }
    return {
      returnValue: outcome.done ? returns.completed : outcome.unsupported ? returns.notSupported : returns.failed,
      out: {
        Errors: [...outcome.errors],
        Warnings: [...outcome.warnings],
        Created: countOf(outcome, 'created'),
        Modified: countOf(outcome, 'modified'),
        Deleted: countOf(outcome, 'deleted'),
        Unchanged: countOf(outcome, 'unchanged') + countOf(outcome, 'missing'),
        Explanation: outcome.explanation,
      },
    };
  }

  async backup(context: ProviderContext, parameters: Parameters): Promise<MethodOutcome> {
    const name = textOf(parameters['File']);
    // No folders: a client of the network decides what is written, never where.
    if (name === null || !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) {
      return invalid('File must be a name of letters, digits, dots, hyphens and underscores');
    }
    return this.#maintain(context, 'data.backup', name, async (maintenance) => {
      const path = await maintenance.backup(name);
      return { out: { Path: path, Explanation: `everything is in ${path}` }, facts: {} };
    });
  }

  compact(context: ProviderContext): Promise<MethodOutcome> {
    return this.#maintain(context, 'data.compacted', this.#options.systemName, async (maintenance) => {
      const { before, after } = await maintenance.compact();
      const out = { BytesBefore: BigInt(before), BytesAfter: BigInt(after) };
      return { out: { ...out, Explanation: `${before} bytes became ${after}` }, facts: { before, after } };
    });
  }

  async #maintain(
    context: ProviderContext,
    kind: string,
    subject: string,
    work: (maintenance: NonNullable<SchemaServiceOptions['maintenance']>) => Promise<{
      readonly out: Readonly<Record<string, CimValue>>;
      readonly facts: Readonly<Record<string, number>>;
    }>,
  ): Promise<MethodOutcome> {
    const { maintenance, journal, store } = this.#options;
    if (maintenance === null) {
      return { returnValue: returns.notSupported, out: { Explanation: 'this host keeps its data in memory alone' } };
    }
    try {
      const { out, facts } = await work(maintenance);
      await store.transaction((tx) => void journal.append(tx, this.#fact(context, kind, subject, facts)));
      return { returnValue: returns.completed, out };
    } catch (error) {
      if (!(error instanceof TvdcError)) throw error;
      return { returnValue: returns.failed, out: { Explanation: messageOf(error) } };
    }
  }
}

/** TVDC_SchemaService: compiles MOF on the server, copies and compacts its data. */
export function schemaServiceProvider(options: SchemaServiceOptions): Provider {
  const service = new SchemaService(options);
  const path = schemaServicePath(options.systemName);
  return {
    className: schemaServiceClass,
    namespaces: ['root/interop'],
    async *enumerate(context) {
      yield [
        createInstance(context.classes.get(schemaServiceClass), {
          ...Object.fromEntries(path.keys.map((key) => [key.name, key.value])),
          ElementName: 'Schema service',
          Started: true,
          EnabledState: 2,
          OperationalStatus: [2],
          HealthState: 5,
        }),
      ];
    },
    methods: {
      CompileMOF: (context, _self, parameters) => service.compile(context, parameters),
      BackupTo: (context, _self, parameters) => service.backup(context, parameters),
      Compact: (context) => service.compact(context),
    },
  };
}
