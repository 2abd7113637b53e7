import type { CimDateTime } from '../../../src/cim/index.js';

export const ACME_Element_State = {
  Enabled: 2,
  Disabled: 3,
} as const;

export const ACME_Element_Reset_Result = {
  Completed: 0,
  Failed: 2,
} as const;

export interface ACME_Element {
  /** Its name. */
  readonly Name: string | null;
  readonly State: number | null;
}

export type ACME_Element_Reset_In = Record<string, never>;

export interface ACME_Element_Reset_Out {
  readonly returnValue: number | null;
}

export const ACME_Disk_Resize_Result = {
  Completed: 0,
  JobStarted: 4096,
} as const;

export interface ACME_Disk extends ACME_Element {
  readonly Size: bigint | null;
  readonly Tags: readonly (string | null)[] | null;
  readonly Since: CimDateTime | null;
}

export interface ACME_Disk_Resize_In {
  readonly Size: bigint | null;
}

export interface ACME_Disk_Resize_Out {
  readonly returnValue: number | null;
  readonly Before?: bigint | null;
}

/** Every class by its name. */
export interface CimClasses {
  readonly ACME_Element: ACME_Element;
  readonly ACME_Disk: ACME_Disk;
}

/** Parameters and results of every method, by class and name. */
export interface CimMethods {
  readonly ACME_Element: {
    readonly Reset: { in: ACME_Element_Reset_In; out: ACME_Element_Reset_Out };
  };
  readonly ACME_Disk: Omit<CimMethods['ACME_Element'], 'Resize'> & {
    readonly Resize: { in: ACME_Disk_Resize_In; out: ACME_Disk_Resize_Out };
  };
}
