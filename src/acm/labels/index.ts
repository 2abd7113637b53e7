export {
  type AssignedLabel,
  inaccessible,
  type LabelState,
  labelStates,
  labelText,
  type LabelView,
  type ResourceLabelEntry,
  type VmLabelEntry,
} from './assigned.js';
export { LabelRegistry, type LabelWrite } from './registry.js';
