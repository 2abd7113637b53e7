export { associatedClasses, referencingClasses } from './class-level.js';
export {
  type AssociatorFilter,
  associatorSegments,
  checkFilterClasses,
  namedDestinationSegments,
  type ReferenceFilter,
  referenceSegments,
} from './traverse.js';
