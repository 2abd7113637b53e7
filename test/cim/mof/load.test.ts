import {
  type CimClass,
  CimInstance,
  type CimInstancePath,
  type CimQualifierType,
  foldName,
  instanceIdentity,
} from '../../../src/cim/model/index.js';
import { CimError } from '../../../src/cim/operations/index.js';
import {
  loadMof,
  type LoadStep,
  mergeClass,
  MofError,
  MofLoadError,
  type MofTarget,
} from '../../../src/cim/mof/index.js';
import { compileGood, compileText } from './kit.js';

type Failure = (operation: string, name: string) => boolean;

/** A target in memory that can be told to refuse. */
class MemoryTarget implements MofTarget {
  readonly types = new Map<string, CimQualifierType>();
  readonly classes = new Map<string, CimClass>();
  readonly instances = new Map<string, CimInstance>();
  refuse: Failure = () => false;

  #guard(operation: string, name: string): void {
    if (this.refuse(operation, name)) throw new CimError(1, `${operation} ${name} refused`);
  }

  async getQualifierType(_namespace: string, name: string) {
    return this.types.get(foldName(name)) ?? null;
  }
  async setQualifierType(_namespace: string, type: CimQualifierType) {
    this.#guard('setQualifierType', type.name);
    this.types.set(foldName(type.name), type);
  }
  async deleteQualifierType(_namespace: string, name: string) {
    this.types.delete(foldName(name));
  }
  async getClass(_namespace: string, name: string) {
    return this.classes.get(foldName(name)) ?? null;
  }
  async createClass(_namespace: string, cls: CimClass) {
    this.#guard('createClass', cls.name);
    this.classes.set(foldName(cls.name), cls);
  }
  async modifyClass(_namespace: string, cls: CimClass) {
    this.#guard('modifyClass', cls.name);
    this.classes.set(foldName(cls.name), cls);
  }
  async deleteClass(_namespace: string, name: string) {
    this.#guard('deleteClass', name);
    this.classes.delete(foldName(name));
  }
  async getInstance(_namespace: string, path: CimInstancePath) {
    return this.instances.get(instanceIdentity(path)) ?? null;
  }
  async createInstance(_namespace: string, instance: CimInstance) {
    this.#guard('createInstance', instance.className);
    if (instance.path === null) throw new CimError(4, 'no keys');
    this.instances.set(instanceIdentity(instance.path), instance);
    return instance.path;
  }
  async modifyInstance(_namespace: string, instance: CimInstance) {
    if (instance.path === null) throw new CimError(4, 'no keys');
    this.instances.set(instanceIdentity(instance.path), instance);
  }
  async deleteInstance(_namespace: string, path: CimInstancePath) {
    this.#guard('deleteInstance', path.className);
    this.instances.delete(instanceIdentity(path));
  }
}

const text = `
class T_B : T_A { uint8 More; };
class T_A { [Key] string K; string P; };
instance of T_B { K = "b"; };
instance of T_A { K = "a"; P = "new"; };
`;
const compilation = compileText(text);

const actions = (steps: readonly LoadStep[], kind: LoadStep['kind']): string[] =>
  steps.filter((step) => step.kind === kind).map(({ action, name }) => `${action} ${name}`);

async function failureOf(work: Promise<unknown>): Promise<MofLoadError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MofLoadError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

test('a load creates qualifier types, classes with superclasses first, then instances', async () => {
  const target = new MemoryTarget();
  const told: LoadStep[] = [];
  const steps = await loadMof(compilation, target, { onStep: (step) => told.push(step) });
  expect(told).toEqual(steps);
  expect(actions(steps, 'class')).toEqual(['created T_A', 'created T_B']);
  expect(actions(steps, 'instance')).toEqual(['created T_B.K="b"', 'created T_A.K="a"']);
  expect(target.types.size).toBe(compilation.namespaces[0]?.qualifierTypes.length);
});

test('a second load changes nothing but instances, and a class is merged, not replaced', async () => {
  const target = new MemoryTarget();
  await loadMof(compilation, target);
  const steps = await loadMof(compilation, target);
  expect(actions(steps, 'class')).toEqual(['unchanged T_A', 'unchanged T_B']);
  expect(actions(steps, 'instance')).toEqual(['modified T_B.K="b"', 'modified T_A.K="a"']);

  const grown = await loadMof(compileText('class T_A { [Key] string K; [Write] uint8 New; };'), target);
  expect(actions(grown, 'class')).toEqual(['modified T_A']);
  expect(target.classes.get('t_a')?.properties.map(({ name }) => name)).toEqual(['K', 'P', 'New']);
});

test('a removal deletes in reverse order and passes over what is not there', async () => {
  const target = new MemoryTarget();
  await loadMof(compilation, target);
  target.classes.delete('t_b');
  const steps = await loadMof(compilation, target, { mode: 'remove' });
  expect(actions(steps, 'instance')).toEqual(['deleted T_A.K="a"', 'deleted T_B.K="b"']);
  expect(actions(steps, 'class')).toEqual(['missing T_B', 'deleted T_A']);
  expect([target.types.size, target.classes.size, target.instances.size]).toEqual([0, 0, 0]);
});

test('a failed load is undone in reverse', async () => {
  const target = new MemoryTarget();
  const [old] = compileGood('class T_A { [Key] string K; };').classes;
  if (old === undefined) throw new Error('no class');
  target.classes.set('t_a', old);
  target.refuse = (operation, name) => operation === 'createInstance' && name === 'T_A';
  const failure = await failureOf(loadMof(compilation, target));
  expect(failure).toMatchObject({ code: 'mof_load_failed', step: 'instance T_A.K="a" in root/cimv2', notUndone: [] });
  expect(failure.undone.map(({ kind, name }) => `${kind} ${name}`).slice(0, 3)).toEqual([
    'instance T_B.K="b"',
    'class T_B',
    'class T_A',
  ]);
  expect([...target.classes.values()]).toEqual([old]);
  expect([target.types.size, target.instances.size]).toEqual([0, 0]);
});

/** A change that is carried out although its answer gets lost, once. */
function loseAnswerOf(target: MemoryTarget, operation: 'createInstance' | 'createClass' | 'deleteClass', name: string) {
  const original = target[operation].bind(target) as (namespace: string, what: never) => Promise<never>;
  let lost = false;
  target[operation] = async (namespace: string, what: never) => {
    const answer = await original(namespace, what);
    const { className, name: own } = what as { className?: string; name?: string };
    if (lost || (typeof what === 'string' ? what : (className ?? own)) !== name) return answer;
    lost = true;
    throw new Error('the connection broke');
  };
}

describe('a change whose answer got lost', () => {
  test.each(['createInstance', 'createClass'] as const)('%s is undone too', async (operation) => {
    const target = new MemoryTarget();
    loseAnswerOf(target, operation, 'T_B');
    const failure = await failureOf(loadMof(compilation, target));
    expect(failure.undone[0]).toMatchObject({ action: 'created', name: expect.stringContaining('T_B') as string });
    expect(failure.notUndone).toEqual([]);
    expect([target.types.size, target.classes.size, target.instances.size]).toEqual([0, 0, 0]);
  });

  test('in a removal is made again', async () => {
    const target = new MemoryTarget();
    await loadMof(compilation, target);
    loseAnswerOf(target, 'deleteClass', 'T_B');
    const failure = await failureOf(loadMof(compilation, target, { mode: 'remove' }));
    expect(failure.notUndone).toEqual([]);
    expect([...target.classes.keys()].sort()).toEqual(['t_a', 't_b']);
  });

  test('is nothing to undo where the server says that it never happened, else it is listed', async () => {
    const target = new MemoryTarget();
    target.createClass = async () => {
      throw new Error('nobody answers');
    };
    target.deleteClass = async (_namespace, name) => {
      throw new CimError(6, `there is no ${name}`);
    };
    expect((await failureOf(loadMof(compilation, target))).notUndone).toEqual([]);
    target.deleteClass = async () => {
      throw new Error('nobody answers');
    };
    expect((await failureOf(loadMof(compilation, target))).notUndone).toEqual([
      {
        step: { action: 'created', kind: 'class', namespace: 'root/cimv2', name: 'T_A' },
        reason: expect.stringContaining('whether it happened is unknown') as string,
      },
    ]);
  });
});

test('an instance that is undone loses what it had no value for', async () => {
  const target = new MemoryTarget();
  const before = compileText('class T_A { [Key] string K; string P; }; instance of T_A { K = "a"; };');
  await loadMof(before, target);
  const stored = [...target.instances.values()][0];
  if (stored === undefined) throw new Error('nothing was stored');
  // A server may leave out what is NULL.
  target.instances.set(
    instanceIdentity(stored.path as CimInstancePath),
    new CimInstance(
      stored.shape,
      stored.values.map((value) => value ?? undefined),
      stored.path,
    ),
  );
  target.refuse = (operation, name) => operation === 'createInstance' && name === 'T_C';
  const more = compileText(
    'class T_A { [Key] string K; string P; }; class T_C { [Key] string K; };' +
      'instance of T_A { K = "a"; P = "new"; }; instance of T_C { K = "c"; };',
  );
  await failureOf(loadMof(more, target));
  expect([...target.instances.values()][0]?.get('P')).toBeNull();
});

test('what could not be undone is listed', async () => {
  const target = new MemoryTarget();
  target.refuse = (operation, name) =>
    (operation === 'createInstance' && name === 'T_A') || (operation === 'deleteClass' && name === 'T_B');
  const failure = await failureOf(loadMof(compilation, target));
  expect(failure.notUndone.map(({ step, reason }) => [step.name, reason])).toEqual([
    ['T_B', expect.stringContaining('deleteClass T_B refused')],
  ]);
  expect([...target.classes.keys()]).toEqual(['t_b']);
});

test('an atomic target undoes by itself', async () => {
  class AtomicTarget extends MemoryTarget {
    async atomically<T>(work: () => Promise<T>): Promise<T> {
      const before = new Map(this.classes);
      try {
        return await work();
      } catch (error) {
        this.classes.clear();
        for (const [name, cls] of before) this.classes.set(name, cls);
        throw error;
      }
    }
  }
  const target = new AtomicTarget();
  target.refuse = (operation, name) => operation === 'createClass' && name === 'T_B';
  const failure = await failureOf(loadMof(compilation, target));
  expect(failure.undone.length).toBeGreaterThan(0);
  expect(target.classes.size).toBe(0);
});

test('a compilation with errors is not begun, and a signal ends a load', async () => {
  const target = new MemoryTarget();
  await expect(loadMof(compileText('class T_A : T_None { };'), target)).rejects.toBeInstanceOf(MofError);
  const failure = await failureOf(loadMof(compilation, target, { signal: AbortSignal.abort() }));
  expect(failure.undone).toEqual([]);
  expect(target.types.size).toBe(0);
});

test('merging keeps what only one side has, and takes qualifiers of the other where both have them', () => {
  const declared = (source: string): CimClass => compileGood(source).classes[0] as CimClass;
  const merged = mergeClass(
    declared('[Description ("old"), Version ("1")] class T_A { [Key, Description ("old")] string K; uint8 Old; };'),
    declared('[Description ("new")] class T_A { [Key] string K; uint8 New; uint32 M(); };'),
  );
  expect(merged.qualifiers.map(({ name, value }) => [name, value])).toEqual([
    ['Description', 'new'],
    ['Version', '1'],
  ]);
  expect(merged.properties.map(({ name }) => name)).toEqual(['K', 'Old', 'New']);
  expect(merged.properties[0]?.qualifiers.map(({ name }) => name)).toEqual(['Key', 'Description']);
  expect(merged.methods).toHaveLength(1);
});
