import type { CimType } from './types.js';
import type { CimScalar, CimValue } from './value.js';

/** Text of CIM-XML to a value of the type (DSP0201 VALUE). @throws TvdcError `bad_value` */
export declare function parseScalar(type: CimType, text: string): CimScalar;
/** @throws TvdcError `bad_value` */
export declare function formatScalar(type: CimType, value: CimScalar): string;
/** A value that came without type to the type of the class. @throws TvdcError `bad_value` */
export declare function coerceUntyped(type: CimType, isArray: boolean, value: CimValue): CimValue;
