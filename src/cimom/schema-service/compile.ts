import { messageOf, TvdcError } from '../../base/index.js';
import {
  type CompiledNamespace,
  compileMof,
  createMapLoader,
  formatDiagnostic,
  loadMof,
  type LoadStep,
  type MofCompilation,
  readZip,
  schemaEntryFiles,
} from '../../cim/mof/index.js';
import type { Schema, SchemaSource } from '../../cim/schema/index.js';
import type { StoreTransaction } from '../../store/index.js';
import { type ChangeWork, createRepositoryTarget, type Repository } from '../repository/index.js';

export type CompileMode = 'check' | 'load' | 'remove';

/** MOF to be compiled on the server. */
export interface CompileOrder {
  readonly namespace: string;
  readonly mode: CompileMode;
  /** Texts by name. */
  readonly sources: ReadonlyMap<string, string>;
  /** A zip archive with further texts; null: none. */
  readonly archive: Uint8Array | null;
  /** What is compiled; null: all sources, else where the archive begins. */
  readonly files: readonly string[] | null;
}

export interface CompileOutcome {
  readonly done: boolean;
  /** Not carried out, because providers answer for a part of it: the operations of DSP0200 have to do it. */
  readonly unsupported: boolean;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly steps: readonly LoadStep[];
  readonly explanation: string;
}

/** What the compiler must know of its surroundings. */
export interface CompilePorts {
  readonly repository: Repository;
  /** Names of the classes of a namespace that providers serve. */
  readonly served: (namespace: string) => readonly string[];
  /** As of {@link createRepositoryTarget}. */
  readonly work?: ChangeWork;
  /** Runs last in the transaction. */
  readonly seal?: (tx: StoreTransaction, steps: readonly LoadStep[]) => void;
}

/** What stands in the way of carrying out a compilation here; null: nothing. */
type Objection = (unit: CompiledNamespace) => string | null;

function existingSource(schema: Schema): SchemaSource {
  return {
    find: (name) => schema.declared(name),
    names: () => schema.names(),
    qualifierType: (name) => schema.qualifierType(name),
    superclassOf: (name) => schema.superclassOf(name),
  };
}

function filesOf(order: CompileOrder): ReadonlyMap<string, string | Uint8Array> {
  const archive = order.archive === null ? [] : readZip(order.archive);
  return new Map<string, string | Uint8Array>([...archive, ...order.sources]);
}

function refused(
  explanation: string,
  errors: readonly string[] = [],
  warnings: readonly string[] = [],
): CompileOutcome {
  return { done: false, unsupported: false, errors, warnings, steps: [], explanation };
}

function objections({ served }: CompilePorts, mode: CompileMode): Objection {
  return ({ name, classes, instances }) => {
    const folded = new Set(served(name).map((one) => one.toLowerCase()));
    const instance = instances.find(({ className }) => folded.has(className.toLowerCase()));
    if (instance !== undefined) {
      return `instances of ${instance.className} in ${name} are made by a provider: use CreateInstance`;
    }
    const cls = mode === 'remove' ? classes.find((one) => folded.has(one.name.toLowerCase())) : undefined;
    return cls === undefined ? null : `class ${cls.name} in ${name} is served by a provider and stays`;
  };
}

function compiled(order: CompileOrder, ports: CompilePorts): MofCompilation {
  const files = filesOf(order);
  const own = [...order.sources.keys()];
  const entries = order.files ?? (own.length > 0 ? own : schemaEntryFiles(files));
  return compileMof(createMapLoader(files), entries, {
    namespace: order.namespace,
    existing: (namespace) => {
      const space = ports.repository.space(namespace);
      return space === undefined ? undefined : existingSource(space.schema);
    },
  });
}

const pastTense = { check: 'checked', load: 'loaded', remove: 'removed' } as const;

/**
 * Compiles MOF and carries it out in one transaction of the repository. What is wrong with the texts, or refused by the
 * repository, is in the outcome; nothing was changed then.
 * @throws DecodeError `bad_archive`, `archive_too_large`
 */
export async function compileOnServer(order: CompileOrder, ports: CompilePorts): Promise<CompileOutcome> {
  const compilation = compiled(order, ports);
  const errors = compilation.errors.map(formatDiagnostic);
  const warnings = compilation.warnings.map(formatDiagnostic);
  if (errors.length > 0) return refused(`the texts have errors: ${errors.length}`, errors, warnings);
  const object = objections(ports, order.mode);
  for (const unit of compilation.namespaces) {
    const objection = object(unit);
    if (objection !== null) return { ...refused(objection, [], warnings), unsupported: true };
  }
  const classes = compilation.namespaces.reduce((sum, unit) => sum + unit.classes.length, 0);
  const instances = compilation.namespaces.reduce((sum, unit) => sum + unit.instances.length, 0);
  const explanation = `${classes} classes and ${instances} instances ${pastTense[order.mode]}`;
  if (order.mode === 'check') return { done: true, unsupported: false, errors, warnings, steps: [], explanation };
  try {
    const steps: LoadStep[] = [];
    const target = createRepositoryTarget(ports.repository, {
      ...(ports.work === undefined ? {} : { work: ports.work }),
      seal: (tx) => ports.seal?.(tx, steps),
    });
    await loadMof(compilation, target, { mode: order.mode, onStep: (step) => void steps.push(step) });
    return { done: true, unsupported: false, errors, warnings, steps, explanation };
  } catch (error) {
    if (error instanceof TvdcError) return refused(messageOf(error), [], warnings);
    throw error;
  }
}
