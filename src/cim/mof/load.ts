import { messageOf, TvdcError } from '../../base/index.js';
import { type CimClass, CimInstance, type CimInstancePath, type CimQualifierType, foldName } from '../model/index.js';
import { CimError } from '../operations/index.js';
import { formatObjectPath } from '../uri/index.js';
import type { CompiledNamespace, MofCompilation } from './compile.js';
import { MofError } from './diagnostic.js';
import { mergeClass, sameDeclaration, sameQualifierType } from './merge.js';
import type { MofTarget } from './target.js';

/**
 * - `load`: create what is missing, merge into what is there
 * - `remove`: delete what the MOF declares, in reverse order; what is not there is passed over
 */
export type LoadMode = 'load' | 'remove';

/** One thing that was done. */
export interface LoadStep {
  readonly action: 'created' | 'modified' | 'unchanged' | 'deleted' | 'missing';
  readonly kind: 'qualifier type' | 'class' | 'instance';
  readonly namespace: string;
  /** Name of the class or qualifier type, path of the instance. */
  readonly name: string;
}

export interface LoadOptions {
  readonly mode?: LoadMode;
  readonly signal?: AbortSignal;
  /** Told of each step when it is done. */
  readonly onStep?: (step: LoadStep) => void;
}

/** A load that failed. What had been done was undone in reverse; `notUndone` lists what could not be. */
export class MofLoadError extends TvdcError<'mof_load_failed'> {
  /** What failed. */
  readonly step: string;
  readonly undone: readonly LoadStep[];
  readonly notUndone: readonly { readonly step: LoadStep; readonly reason: string }[];

  constructor(
    step: string,
    cause: unknown,
    undone: readonly LoadStep[],
    notUndone: readonly { readonly step: LoadStep; readonly reason: string }[],
  ) {
    const rest = notUndone.length === 0 ? '' : `; ${notUndone.length} changes could not be undone`;
    super('mof_load_failed', `${step}: ${messageOf(cause)}${rest}`, { cause });
    this.step = step;
    this.undone = undone;
    this.notUndone = notUndone;
  }
}

interface Done {
  readonly step: LoadStep;
  readonly undo: (() => Promise<unknown>) | null;
}

/** Whether the refusal to undo a step says that there is nothing to undo. */
function neverHappened({ action }: LoadStep, refusal: unknown): boolean {
  if (!(refusal instanceof CimError)) return false;
  return (action === 'created' && refusal.status === 6) || (action === 'deleted' && refusal.status === 11);
}

/** What an instance was, with NULL for what it had no value for and was given one. */
function asBefore(before: CimInstance, given: CimInstance): CimInstance {
  const values = given.values.map((value, at) =>
    value === undefined ? undefined : (before.get(given.shape.properties[at]?.name ?? '') ?? null),
  );
  return new CimInstance(given.shape, values, before.path);
}

class Loader {
  readonly #target: MofTarget;
  readonly #options: LoadOptions;
  readonly #done: Done[] = [];
  #current = '';
  /** A change that was sent, and nobody said what became of it. */
  #inDoubt: Done | null = null;

  constructor(target: MofTarget, options: LoadOptions) {
    this.#target = target;
    this.#options = options;
  }

  async run(namespaces: readonly CompiledNamespace[]): Promise<readonly LoadStep[]> {
    const target = this.#target;
    const work = () => (this.#options.mode === 'remove' ? this.#remove(namespaces) : this.#load(namespaces));
    try {
      await (target.atomically === undefined ? work() : target.atomically(work));
    } catch (cause) {
      const { undone, notUndone } =
        target.atomically === undefined ? await this.#undo() : { undone: this.#changes(), notUndone: [] };
      throw new MofLoadError(this.#current, cause, undone, notUndone);
    }
    return this.#done.map(({ step }) => step);
  }

  #changes(): LoadStep[] {
    return this.#done.map(({ step }) => step).filter(({ action }) => action !== 'unchanged' && action !== 'missing');
  }

  async #undo(): Promise<{ undone: LoadStep[]; notUndone: { step: LoadStep; reason: string }[] }> {
    const undone: LoadStep[] = [];
    const notUndone: { step: LoadStep; reason: string }[] = [];
    const { step: doubtful, undo: undoDoubtful = null } = this.#inDoubt ?? {};
    if (doubtful !== undefined && undoDoubtful !== null) {
      try {
        await undoDoubtful();
        undone.push(doubtful);
      } catch (error) {
        const reason = `whether it happened is unknown: ${messageOf(error)}`;
        if (!neverHappened(doubtful, error)) notUndone.push({ step: doubtful, reason });
      }
    }
    for (const { step, undo } of this.#done.reverse()) {
      if (undo === null) continue;
      try {
        await undo();
        undone.push(step);
      } catch (error) {
        notUndone.push({ step, reason: messageOf(error) });
      }
    }
    return { undone, notUndone };
  }

  async #load(namespaces: readonly CompiledNamespace[]): Promise<void> {
    if (this.#target.importSchema !== undefined) {
      for (const unit of namespaces) await this.#importSchema(unit);
    } else {
      for (const { name, qualifierTypes } of namespaces) {
        for (const type of qualifierTypes) await this.#loadQualifierType(name, type);
      }
      for (const { name, classes } of namespaces) for (const cls of classes) await this.#loadClass(name, cls);
    }
    for (const { name, instances } of namespaces) {
      for (const instance of instances) await this.#loadInstance(name, instance);
    }
  }

  async #remove(namespaces: readonly CompiledNamespace[]): Promise<void> {
    const reversed = [...namespaces].reverse();
    for (const { name, instances } of reversed) {
      for (const instance of [...instances].reverse()) await this.#removeInstance(name, instance);
    }
    for (const { name, classes } of reversed) {
      for (const cls of [...classes].reverse()) await this.#removeClass(name, cls.name);
    }
    for (const { name, qualifierTypes } of reversed) {
      for (const type of [...qualifierTypes].reverse()) await this.#removeQualifierType(name, type.name);
    }
  }

  #begin(kind: LoadStep['kind'], namespace: string, name: string): void {
    this.#current = `${kind} ${name} in ${namespace}`;
    this.#options.signal?.throwIfAborted();
  }

  /** Carries out a change, which may say what it was done to, and notes how it is undone. */
  async #change(step: LoadStep, change: () => Promise<string | void>, undo: () => Promise<unknown>): Promise<void> {
    let name: string | void;
    try {
      name = await change();
    } catch (cause) {
      // Whoever says no with a status has not done it; who says nothing may have.
      if (!(cause instanceof CimError)) this.#inDoubt = { step, undo };
      throw cause;
    }
    this.#end({ ...step, name: name ?? step.name }, undo);
  }

  #end(step: LoadStep, undo: Done['undo'] = null): void {
    this.#done.push({ step, undo });
    this.#options.onStep?.(step);
  }

  async #importSchema({ name: namespace, qualifierTypes, classes }: CompiledNamespace): Promise<void> {
    const target = this.#target;
    this.#current = `schema in ${namespace}`;
    this.#options.signal?.throwIfAborted();
    const types: LoadStep[] = [];
    for (const type of qualifierTypes) {
      const before = await target.getQualifierType(namespace, type.name);
      const unchanged = before !== null && sameQualifierType(before, type);
      const action = unchanged ? 'unchanged' : before === null ? 'created' : 'modified';
      types.push({ action, kind: 'qualifier type', namespace, name: type.name });
    }
    const imported = await target.importSchema?.(namespace, { qualifierTypes, classes });
    for (const step of types) this.#end(step);
    const added = new Set(imported?.added.map(foldName));
    const changed = new Set(imported?.changed.map(foldName));
    for (const { name } of classes) {
      const folded = foldName(name);
      const action = added.has(folded) ? 'created' : changed.has(folded) ? 'modified' : 'unchanged';
      this.#end({ action, kind: 'class', namespace, name });
    }
  }

  async #loadQualifierType(namespace: string, type: CimQualifierType): Promise<void> {
    const { name } = type;
    this.#begin('qualifier type', namespace, name);
    const target = this.#target;
    const before = await target.getQualifierType(namespace, name);
    const step = { kind: 'qualifier type', namespace, name } as const;
    if (before !== null && sameQualifierType(before, type)) return this.#end({ ...step, action: 'unchanged' });
    return this.#change(
      { ...step, action: before === null ? 'created' : 'modified' },
      () => target.setQualifierType(namespace, type),
      () =>
        before === null ? target.deleteQualifierType(namespace, name) : target.setQualifierType(namespace, before),
    );
  }

  async #loadClass(namespace: string, cls: CimClass): Promise<void> {
    const { name } = cls;
    this.#begin('class', namespace, name);
    const target = this.#target;
    const step = { kind: 'class', namespace, name } as const;
    const before = await target.getClass(namespace, name);
    if (before === null) {
      return this.#change(
        { ...step, action: 'created' },
        () => target.createClass(namespace, cls),
        () => target.deleteClass(namespace, name),
      );
    }
    const merged = mergeClass(before, cls);
    if (sameDeclaration(before, merged)) return this.#end({ ...step, action: 'unchanged' });
    return this.#change(
      { ...step, action: 'modified' },
      () => target.modifyClass(namespace, merged),
      () => target.modifyClass(namespace, before),
    );
  }

  async #loadInstance(namespace: string, instance: CimInstance): Promise<void> {
    const target = this.#target;
    const label = instance.path === null ? instance.className : formatObjectPath(instance.path, 'model');
    this.#begin('instance', namespace, label);
    const step = { kind: 'instance', namespace, name: label } as const;
    const before = instance.path === null ? null : await target.getInstance(namespace, instance.path);
    if (before !== null) {
      return this.#change(
        { ...step, action: 'modified' },
        () => target.modifyInstance(namespace, instance),
        () => target.modifyInstance(namespace, asBefore(before, instance)),
      );
    }
    let { path } = instance;
    await this.#change(
      { ...step, action: 'created' },
      async () => {
        path = await target.createInstance(namespace, instance);
        return formatObjectPath(path, 'model');
      },
      async () => {
        if (path === null) throw new CimError(1, 'its keys were left to the server, which did not tell them');
        await target.deleteInstance(namespace, path);
      },
    );
  }

  async #removeInstance(namespace: string, instance: CimInstance): Promise<void> {
    const { path } = instance;
    const name = path === null ? instance.className : formatObjectPath(path, 'model');
    this.#begin('instance', namespace, name);
    const step = { kind: 'instance', namespace, name } as const;
    const before = path === null ? null : await this.#present(namespace, path);
    if (path === null || before === null) return this.#end({ ...step, action: 'missing' });
    return this.#change(
      { ...step, action: 'deleted' },
      () => this.#target.deleteInstance(namespace, path),
      () => this.#target.createInstance(namespace, before),
    );
  }

  /** The instance; null also where its class is gone already. */
  async #present(namespace: string, path: CimInstancePath): Promise<CimInstance | null> {
    try {
      return await this.#target.getInstance(namespace, path);
    } catch (error) {
      if (error instanceof CimError && error.status === 5) return null;
      throw error;
    }
  }

  async #removeClass(namespace: string, name: string): Promise<void> {
    this.#begin('class', namespace, name);
    const step = { kind: 'class', namespace, name } as const;
    const before = await this.#target.getClass(namespace, name);
    if (before === null) return this.#end({ ...step, action: 'missing' });
    return this.#change(
      { ...step, action: 'deleted' },
      () => this.#target.deleteClass(namespace, name),
      () => this.#target.createClass(namespace, before),
    );
  }

  async #removeQualifierType(namespace: string, name: string): Promise<void> {
    this.#begin('qualifier type', namespace, name);
    const step = { kind: 'qualifier type', namespace, name } as const;
    const before = await this.#target.getQualifierType(namespace, name);
    if (before === null) return this.#end({ ...step, action: 'missing' });
    return this.#change(
      { ...step, action: 'deleted' },
      () => this.#target.deleteQualifierType(namespace, name),
      () => this.#target.setQualifierType(namespace, before),
    );
  }
}

/**
 * Carries a compilation into a target, or out of it. Atomic where the target is; otherwise a failure undoes in reverse what
 * was done.
 *
 * @returns what was done, in order
 * @throws MofError `bad_mof` the compilation has errors: nothing was done; MofLoadError `mof_load_failed` the target refused
 */
export async function loadMof(
  compilation: MofCompilation,
  target: MofTarget,
  options: LoadOptions = {},
): Promise<readonly LoadStep[]> {
  if (compilation.errors.length > 0) throw new MofError(compilation.errors);
  return new Loader(target, options).run(compilation.namespaces);
}
