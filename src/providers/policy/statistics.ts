import type { AcmStatistics } from '../../acm/index.js';
import { CimDateTime } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import { associationProvider, elementFacts, type HostView, listProvider, Paths } from '../kit/index.js';

const hookClass = 'TVDC_AccessStatistics';
const monitorClass = 'TVDC_MonitorStatistics';
const monitorId = 'TVDC:statistics:monitor';

function hookId(hook: string): string {
  return `TVDC:statistics:hook:${hook}`;
}

/** What the reference monitor counts, and whose counters they are. */
export function statisticsProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const { clock, monitor } = parts;
  const paths = new Paths(parts.identity, namespace);
  const since = CimDateTime.fromUnix(clock.now());
  const times = () => ({ StartStatisticTime: since, StatisticTime: CimDateTime.fromUnix(clock.now()) });
  const hooks = (): readonly (keyof AcmStatistics['hooks'])[] =>
    Object.keys(monitor.statistics.hooks) as (keyof AcmStatistics['hooks'])[];

  const ofHooks = listProvider({
    className: hookClass,
    namespace,
    rows: hooks,
    values: (hook) => {
      const { evaluations, denials } = monitor.statistics.hooks[hook];
      return {
        InstanceID: hookId(hook),
        ...elementFacts(`Decisions of the hook ${hook}`),
        ...times(),
        Hook: hook,
        Evaluations: BigInt(evaluations),
        Denials: BigInt(denials),
      };
    },
  });

  const ofMonitor = listProvider({
    className: monitorClass,
    namespace,
    rows: () => [monitor.statistics],
    values: (counted) => ({
      InstanceID: monitorId,
      ...elementFacts('Admissions and policy updates'),
      ...times(),
      Admissions: BigInt(counted.admissions),
      RefusedAdmissions: BigInt(counted.refusedAdmissions),
      Departures: BigInt(counted.departures),
      PolicyUpdates: BigInt(counted.policyUpdates),
      RefusedUpdates: BigInt(counted.refusedUpdates),
    }),
  });

  const ofService = associationProvider({
    className: 'TVDC_ElementStatisticalData',
    namespace,
    *links() {
      const ManagedElement = paths.service('TVDC_SecurityPolicyService');
      yield { ManagedElement, Stats: paths.byId(monitorClass, monitorId) };
      for (const hook of hooks()) yield { ManagedElement, Stats: paths.byId(hookClass, hookId(hook)) };
    },
  });

  return [ofHooks, ofMonitor, ofService];
}
