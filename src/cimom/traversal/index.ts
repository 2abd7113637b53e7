export { associatedClasses, referencingClasses } from './class-level.js';
export {
  type AssociatorFilter,
  associatorSegments,
  checkFilterClasses,
  destinationSegments,
  type ReferenceFilter,
  referenceSegments,
} from './traverse.js';
