import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a host keeps its state unless told otherwise: `TVDC_DATA`, else the user's state folder (XDG). */
export function defaultDataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment['TVDC_DATA'];
  if (named !== undefined && named !== '') return named;
  const state = environment['XDG_STATE_HOME'];
  return join(state !== undefined && state !== '' ? state : join(homedir(), '.local', 'state'), 'tvdc');
}

/** File with the secret of an account, readable by its owner alone. */
export function secretFile(folder: string, user: string): string {
  return join(folder, `${user}.secret`);
}
