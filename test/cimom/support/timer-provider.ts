import { createInstance, createInstancePath, stringKey } from '../../../src/cim/model/index.js';
import { CimError } from '../../../src/cim/operations/index.js';
import type { Provider, ProviderContext } from '../../../src/cimom/index.js';

export function createTimerProvider(): Provider {
  const timers = new Map<string, number>([['EX:egg', 240]]);

  const toInstance = (context: ProviderContext, id: string, seconds: number) =>
    createInstance(
      context.classes.get('EX_Timer'),
      { InstanceID: id, ElementName: id.slice(3), Remaining: seconds },
      { namespace: context.namespace },
    );

  return {
    className: 'EX_Timer',
    namespaces: ['root/example'],

    async *enumerate(context) {
      yield [...timers].map(([id, seconds]) => toInstance(context, id, seconds));
    },

    async get(context, path) {
      const id = stringKey(path, 'InstanceID') ?? '';
      const seconds = timers.get(id);
      return seconds === undefined ? null : toInstance(context, id, seconds);
    },

    async create(_context, instance) {
      const id = instance.getString('InstanceID') ?? `EX:${timers.size + 1}`;
      if (timers.has(id)) throw new CimError(11, `there is a timer ${id} already`);
      timers.set(id, instance.getNumber('Remaining') ?? 0);
      return createInstancePath('EX_Timer', { InstanceID: id });
    },

    async delete(_context, path) {
      timers.delete(stringKey(path, 'InstanceID') ?? '');
    },

    methods: {
      async Extend(_context, self, { Seconds }) {
        const id = self === null ? '' : (stringKey(self, 'InstanceID') ?? '');
        const remaining = (timers.get(id) ?? 0) + Number(Seconds);
        timers.set(id, remaining);
        return { returnValue: 0, out: { Remaining: remaining } };
      },
    },
  };
}
