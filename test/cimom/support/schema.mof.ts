/** Qualifier types and a small model: hosts with devices, a stored note, a job, services, indications. */
export const testMof = `
Qualifier Abstract : boolean = false, Scope(class, association, indication), Flavor(Restricted);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride);
Qualifier Indication : boolean = false, Scope(class, indication), Flavor(DisableOverride);
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Required : boolean = false, Scope(property, reference, method, parameter), Flavor(DisableOverride);
Qualifier Description : string = null, Scope(any), Flavor(Translatable);
Qualifier In : boolean = true, Scope(parameter), Flavor(DisableOverride);
Qualifier Out : boolean = false, Scope(parameter), Flavor(DisableOverride);
Qualifier Static : boolean = false, Scope(property, method), Flavor(DisableOverride);
Qualifier EmbeddedInstance : string = null, Scope(property, method, parameter);
Qualifier EmbeddedObject : boolean = false, Scope(property, method, parameter), Flavor(DisableOverride);
Qualifier MaxLen : uint32 = null, Scope(property, method, parameter);
Qualifier Override : string = null, Scope(property, reference, method), Flavor(Restricted);
Qualifier Write : boolean = false, Scope(property, reference);

[Abstract] class TST_Element { string Caption; string ElementName; };
class TST_Host : TST_Element {
  [Key] string Name;
  uint16 State = 2;
  uint64 Memory;
  string Tags[];
  uint32 Start([In, Required] uint16 Mode, [In, Out] string Note, [In(false), Out] TST_Device REF Primary,
    [In(false), Out] datetime When, [In] string Names[], [In, EmbeddedInstance("TST_Note")] string Settings);
  uint32 Stop();
  [Static] string Version();
};
class TST_VirtualHost : TST_Host { uint32 Weight; };
class TST_Device : TST_Element { [Key] string DeviceID; [Key] uint16 Slot; boolean Present = true; };
class TST_Note : TST_Element {
  [Key] string InstanceID;
  [Required] string Text = "empty";
  uint32 Stars;
  [EmbeddedInstance("TST_Note")] string Inner;
};
[Association] class TST_Contains { [Key] TST_Host REF Whole; [Key] TST_Device REF Part; };
[Association] class TST_Remark { [Key] TST_Element REF Subject; [Key] TST_Note REF Note; string Kind; };
[Association] class TST_StrongRemark : TST_Remark { uint8 Strength; };
class TST_Lazy { [Key] string Name; };

[Indication, Abstract] class CIM_Indication { string IndicationIdentifier; datetime IndicationTime; };
[Indication, Abstract] class CIM_InstIndication : CIM_Indication {
  [EmbeddedObject] string SourceInstance; string SourceInstanceModelPath; string SourceInstanceHost;
};
[Indication] class CIM_InstCreation : CIM_InstIndication { };
[Indication] class CIM_InstModification : CIM_InstIndication { [EmbeddedObject] string PreviousInstance; };
[Indication] class CIM_InstDeletion : CIM_InstIndication { };
`;
