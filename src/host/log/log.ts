import { pino } from 'pino';
import type { Log, LogFields } from '../../base/index.js';

/** JSON lines on standard error, at the level of `TVDC_LOG` (debug, info, warn, error; default warn). */
export function createProcessLog(): Log {
  const level = process.env['TVDC_LOG'] ?? 'warn';
  const logger = pino(
    { level: ['debug', 'info', 'warn', 'error', 'silent'].includes(level) ? level : 'warn', base: null },
    pino.destination({ fd: 2, sync: true }),
  );
  const line =
    (write: (fields: object, event: string) => void) =>
    (event: string, fields: LogFields = {}): void =>
      write(fields, event);
  return {
    debug: line(logger.debug.bind(logger)),
    info: line(logger.info.bind(logger)),
    warn: line(logger.warn.bind(logger)),
    error: line(logger.error.bind(logger)),
  };
}
